import { z } from 'zod';
import { batchCostsSchema } from './batch-costs.ts';

/** Which graphics llama.cpp computes with, by its own names. */
export const graphicsBackendSchema = z.enum(['metal', 'cuda', 'vulkan']);
export type GraphicsBackend = z.infer<typeof graphicsBackendSchema>;

/** What came of trying the graphics of this computer with a model. `used` is the only one with which it answers there. */
export const graphicsTrialSchema = z.strictObject({
  result: z.enum([
    'used',
    /** No graphics card that llama.cpp can use. */
    'none',
    /** Intel's integrated graphics alone: their drivers are not tried. */
    'integrated',
    /** Not one layer of the model fits into what is free of its memory, with a conversation beside it. */
    'too-small',
    /** The main processor is as fast, or faster. */
    'slower',
    /** It computed something else than the main processor. */
    'wrong',
    'failed',
  ]),
  backend: graphicsBackendSchema.nullable(),
  /** As the driver names it. */
  device: z.string().max(200).nullable(),
  tokensPerSecond: z.number().nonnegative().nullable(),
  /** Of the card. */
  batchCosts: batchCostsSchema.nullable(),
  /** Of the model: how many lie on the card. The others are computed by the main processor. */
  layers: z.strictObject({ onCard: z.int().nonnegative(), all: z.int().positive() }).nullable().default(null),
});
export type GraphicsTrial = z.infer<typeof graphicsTrialSchema>;

/** Whether the engine tries them, takes them because a trial was good, or leaves them alone. */
export const graphicsWishSchema = z.enum(['try', 'use', 'off']);
export type GraphicsWish = z.infer<typeof graphicsWishSchema>;

/** What is known of the graphics of this computer with one model. */
export const graphicsStateSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tried'), trial: graphicsTrialSchema }),
  /** They, or the whole computer, went down when they were used. */
  z.strictObject({ kind: z.literal('crashed') }),
  /** By the policy. */
  z.strictObject({ kind: z.literal('off') }),
]);
export type GraphicsState = z.infer<typeof graphicsStateSchema>;
