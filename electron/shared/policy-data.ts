import { z } from 'zod';

/** What the page must know of the policy before anybody has signed in. */
export const policyForPageSchema = z.strictObject({
  minimumCharacters: z.int(),
  idleLockMinutes: z.int(),
  secondFactorRequired: z.boolean(),
  recordVisibility: z.enum(['own', 'team']),
  auditorReadsText: z.boolean(),
  /** Why every setting is at its strictest, in a sentence for IT; else null. */
  problem: z.string().nullable(),
});
export type PolicyForPage = z.infer<typeof policyForPageSchema>;

/** Every setting with its value and where that comes from. */
export const effectivePolicySchema = z.strictObject({
  version: z.int().nullable(),
  sha256: z.string().nullable(),
  organisation: z.string().nullable(),
  folder: z.string(),
  problem: z.string().nullable(),
  settings: z.array(
    z.strictObject({
      name: z.string(),
      value: z.union([z.string(), z.number(), z.boolean()]),
      source: z.enum(['default', 'policy', 'strictest']),
      explanation: z.string(),
    }),
  ),
});
export type EffectivePolicyView = z.infer<typeof effectivePolicySchema>;
