import { z } from 'zod';

/**
 * What a batch of one token and so many proposed ones takes, in times of one token alone; measured, growing. A batch does not cost
 * by the token: where llama.cpp multiplies rows by fours, four cost little more than one, and five almost as much as eight.
 */
export const batchCostsSchema = z
  .array(z.strictObject({ proposals: z.int().positive(), cost: z.number().positive() }))
  .max(16)
  .readonly();
export type BatchCosts = z.infer<typeof batchCostsSchema>;

/** @returns what a token takes that is read among many, in times of one that is written; null where nothing was measured */
export function readingCost(costs: BatchCosts | null): number | null {
  const largest = costs?.at(-1);
  return largest === undefined ? null : largest.cost / (largest.proposals + 1);
}
