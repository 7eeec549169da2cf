import { z } from 'zod';

/** One line of JSON each way between a campaign and the vault process that it will kill. */
const lineSchema = z.enum(['main', 'text', 'model']);
export type Line = z.infer<typeof lineSchema>;

export const toChildSchema = z.strictObject({
  to: lineSchema,
  /** Null closes the port. */
  message: z.unknown(),
  /** Travels beside a message of main's line. */
  port: z.enum(['text', 'model']).nullable(),
});
export type ToChild = z.infer<typeof toChildSchema>;

export const fromChildSchema = z.strictObject({ from: lineSchema, message: z.unknown() });

/**
 * Faults that are put into the built code on its way into the process, so that the campaign is seen failing: it must
 * find each of them.
 */
export const plantSchema = z.enum(['shown-before-recorded', 'synchronous-off', 'synchronous-normal']);
export type Plant = z.infer<typeof plantSchema>;

export const childOrderSchema = z.strictObject({
  /** The built vault-process.js. */
  vaultProcess: z.string(),
  plant: plantSchema.nullable(),
});
export type ChildOrder = z.infer<typeof childOrderSchema>;
