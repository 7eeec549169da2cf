import { z } from 'zod';
import { userIdSchema } from './ids.ts';
import { roleSchema } from './roles.ts';

/** What the vault tells the page about accounts. */
export const accountRowSchema = z.strictObject({
  userId: userIdSchema,
  displayName: z.string(),
  role: roleSchema,
  state: z.enum(['active', 'enrolling', 'reset', 'disabled']),
  secondFactor: z.boolean(),
  mustChangePassphrase: z.boolean(),
  lastSignInAt: z.iso.datetime().nullable(),
  /** Wrong passphrases since the last right one; `waiting`: a sign-in is refused for now. */
  failures: z.int(),
  waiting: z.boolean(),
});
export type AccountRow = z.infer<typeof accountRowSchema>;

export const ownAccountSchema = z.strictObject({
  passphraseSetAt: z.iso.datetime().nullable(),
  secondFactor: z.strictObject({ enrolledAt: z.iso.datetime(), recoveryCodesLeft: z.int() }).nullable(),
  /** The policy wants one, so it cannot be removed. */
  secondFactorRequired: z.boolean(),
});
export type OwnAccount = z.infer<typeof ownAccountSchema>;

/** `score` as zxcvbn's, 0 to 4. `advice` never holds any of the text. */
export const strengthSchema = z.strictObject({
  score: z.int().min(0).max(4),
  acceptable: z.boolean(),
  advice: z.string(),
});
