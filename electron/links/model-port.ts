import { z } from 'zod';
import { appErrorSchema } from '../shared/app-error-schema.ts';
import { batchCostsSchema } from '../shared/batch-costs.ts';
import { structureIdSchema } from '../shared/structures.ts';
import { modelStatusSchema } from '../shared/contract.ts';
import { turnIdSchema } from '../shared/ids.ts';
import { graphicsTrialSchema, graphicsWishSchema } from '../shared/graphics.ts';
import { hashedFileSchema } from './hashed-file.ts';

/**
 * The model port between the vault and the inference process: the model's only ear and mouth. Both ends parse what
 * they receive. A closed port ends the generation.
 */

/** Which model to load; from `models/catalogue.json`, resolved by the vault. */
export const modelSpecificationSchema = z.strictObject({
  name: z.string(),
  path: z.string(),
  sizeBytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Upper bound for the context that is created; never more than the model was trained for. */
  contextTokens: z.int().positive(),
});
export type ModelSpecification = z.infer<typeof modelSpecificationSchema>;

/** What was measured earlier on this machine with this model, the thread count first of all; null asks for a measurement. */
export const threadChoiceSchema = z.strictObject({
  /** Identifies machine, affinity, quota and model: a different key means measure again. */
  key: z.string(),
  threads: z.int().positive(),
  tokensPerSecond: z.number(),
  /** All candidates that were measured. */
  candidates: z.array(z.strictObject({ threads: z.int().positive(), tokensPerSecond: z.number() })),
  /** Absent where they were not measured. */
  batchCosts: batchCostsSchema.optional(),
  /** What the model takes of the main memory with a conversation, from the header of its file. */
  memoryBytes: z.int().positive().optional(),
});
export type ThreadChoice = z.infer<typeof threadChoiceSchema>;

export const samplerSchema = z.strictObject({
  temperature: z.number(),
  topP: z.number(),
  topK: z.int(),
  minP: z.number(),
  repeatPenalty: z.number(),
  /** llama.cpp takes 32 bits: a larger one would be logged as something else than what ran. */
  seed: z.int().nonnegative().max(0xffff_ffff),
});
export type Sampler = z.infer<typeof samplerSchema>;

/** A request and its recorded answer. */
export const exchangeSchema = z.strictObject({ user: z.string(), model: z.string() });
export type Exchange = z.infer<typeof exchangeSchema>;

export const toInferenceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('load'),
    model: modelSpecificationSchema,
    knownThreads: threadChoiceSchema.nullable(),
    /** What was hashed before while this app runs: the same file, unchanged since, is not read through again. */
    hashed: hashedFileSchema.nullable(),
    /** `trial`: of this model, on this computer, by this version of the app. */
    graphics: z.strictObject({ wish: graphicsWishSchema, trial: graphicsTrialSchema.nullable() }),
  }),
  z.strictObject({
    kind: z.literal('generate'),
    turnId: turnIdSchema,
    system: z.string(),
    /** What was asked and answered before in this conversation, exactly as recorded. */
    earlier: z.array(exchangeSchema),
    /** The exact text whose commitment is in the intent leaf. */
    user: z.string(),
    /**
     * Characters at the beginning of the first request that every other request about the same source begins with too. They
     * are evaluated in steps of their own, so that their state is the same whatever follows.
     */
    sharedCharacters: z.int().nonnegative(),
    sampler: samplerSchema,
    /** Tokens kept free for the answer: a prompt that leaves fewer is refused. */
    reservedAnswerTokens: z.int().positive(),
    maxAnswerTokens: z.int().positive(),
    /** The form that a grammar holds the answer to. */
    structure: structureIdSchema.nullable(),
  }),
  /** Reads the beginning of requests to come. Nothing is answered; a `generate` takes its place at once. */
  z.strictObject({
    kind: z.literal('evaluate'),
    evaluationId: z.uuid(),
    system: z.string(),
    user: z.string(),
    reservedAnswerTokens: z.int().positive(),
  }),
  /** Counts tokens; nothing is evaluated. Each is a whole request, as `generate` would render it. */
  z.strictObject({
    kind: z.literal('count'),
    countId: z.int(),
    requests: z.array(
      z.strictObject({ system: z.string(), earlier: z.array(exchangeSchema), user: z.string() }),
    ),
  }),
  z.strictObject({ kind: z.literal('stop'), turnId: turnIdSchema }),
  /** What was read ahead is forgotten, and reading stops. */
  z.strictObject({ kind: z.literal('release') }),
]);
export type ToInference = z.infer<typeof toInferenceSchema>;

export const generationReportSchema = z.strictObject({
  /** Tokens of system text, template and user text together. */
  promptTokens: z.int(),
  /** Tokens that were evaluated, from 0: equal to `promptTokens` unless stopped while reading. Nothing is ever left out of the middle. */
  evaluatedPromptTokens: z.int(),
  /** Of these, at the start, what was still there from before and so was not evaluated again. */
  reusedPromptTokens: z.int(),
  answerTokens: z.int(),
  contextTokens: z.int(),
  timeToFirstTokenMs: z.number().nullable(),
  generationMs: z.number(),
});
export type GenerationReport = z.infer<typeof generationReportSchema>;

export const fromInferenceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('status'), status: modelStatusSchema }),
  /** From here on the graphics are tried, or taken: whatever ends the process now may be their doing. */
  z.strictObject({ kind: z.literal('graphics-begin') }),
  /** Sent once with `ready`: facts for the log and for the settings file. */
  z.strictObject({
    kind: z.literal('loaded'),
    loadMs: z.number(),
    verifyMs: z.number(),
    engineVersion: z.string(),
    llamaCppRelease: z.string(),
    backend: z.string(),
    threads: threadChoiceSchema,
    /** Of the file that was loaded, and whose bytes have the approved hash. */
    identity: hashedFileSchema.shape.identity,
    /** What came of the graphics; null: they were left alone. */
    graphics: graphicsTrialSchema.nullable(),
  }),
  z.strictObject({ kind: z.literal('reading'), turnId: turnIdSchema, fraction: z.number() }),
  z.strictObject({ kind: z.literal('delta'), turnId: turnIdSchema, text: z.string() }),
  z.strictObject({
    kind: z.literal('ended'),
    turnId: turnIdSchema,
    reason: z.enum(['end-of-answer', 'answer-limit', 'stopped']),
    report: generationReportSchema,
  }),
  /** The prompt does not fit: nothing was evaluated. `overByTokens` > 0. */
  z.strictObject({
    kind: z.literal('refused'),
    turnId: turnIdSchema,
    promptTokens: z.int(),
    contextTokens: z.int(),
    reservedAnswerTokens: z.int(),
    overByTokens: z.int().positive(),
  }),
  z.strictObject({ kind: z.literal('evaluating'), evaluationId: z.uuid(), fraction: z.number() }),
  z.strictObject({
    kind: z.literal('evaluated'),
    evaluationId: z.uuid(),
    reason: z.enum(['complete', 'interrupted', 'released', 'does-not-fit', 'error']),
    promptTokens: z.int(),
    evaluatedTokens: z.int(),
    elapsedMs: z.number(),
  }),
  /** One number a request, in order; null where no model is loaded. */
  z.strictObject({ kind: z.literal('counted'), countId: z.int(), tokens: z.array(z.int()).nullable() }),
  z.strictObject({ kind: z.literal('failed'), turnId: turnIdSchema, error: appErrorSchema }),
  /** The network guard stopped a connection attempt in the inference process. Host names are never sent, only the kind of call. */
  z.strictObject({ kind: z.literal('network-blocked'), api: z.string() }),
]);
export type FromInference = z.infer<typeof fromInferenceSchema>;
