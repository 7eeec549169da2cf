import { z } from 'zod';
import { userIdSchema } from './ids.ts';
import { empty, passphraseSchema, request, signedIn } from './request-parts.ts';
import { roleSchema } from './roles.ts';

/** The part of the contract by which people come in and leave. */

export const signedInUserSchema = z.strictObject({
  userId: userIdSchema,
  displayName: z.string(),
  role: roleSchema,
});
export type SignedInUser = z.infer<typeof signedInUserSchema>;

/** An account as the sign-in screen shows it, to whoever stands before the computer. */
export const accountTileSchema = signedInUserSchema.extend({
  /** `enrolling`: opens with a one-time code; `reset`: needs one. Disabled accounts are not shown. */
  state: z.enum(['active', 'enrolling', 'reset']),
});
export type AccountTile = z.infer<typeof accountTileSchema>;

/**
 * What is to be done next to get in. Until `signed-in` the vault gives nothing but the next step. `enrol-second-factor`:
 * the policy wants one; `key` is for typing where no camera is at hand.
 */
export const signInStepSchema = z.discriminatedUnion('next', [
  z.strictObject({ next: z.literal('signed-in'), user: signedInUserSchema }),
  z.strictObject({ next: z.literal('second-factor'), kind: z.literal('totp') }),
  z.strictObject({
    next: z.literal('choose-passphrase'),
    because: z.enum(['enrolment', 'forced', 'recovery']),
  }),
  z.strictObject({ next: z.literal('enrol-second-factor'), uri: z.string(), key: z.string() }),
  /** Shown once; `session.continue` goes on when the person has kept them. */
  z.strictObject({ next: z.literal('keep-recovery-codes'), codes: z.array(z.string()) }),
]);
export type SignInStep = z.infer<typeof signInStepSchema>;

export const sessionRequests = {
  'session.signIn': request(
    ['none'],
    z.strictObject({
      userId: userIdSchema,
      /** Of an enrolling account: the one-time code. */
      passphrase: passphraseSchema,
    }),
    signInStepSchema,
  ),
  /** Six digits, or one of the recovery codes. */
  'session.giveSecondFactor': request(
    ['none'],
    z.strictObject({ code: z.string().max(64) }),
    signInStepSchema,
  ),
  'session.choosePassphrase': request(
    ['none'],
    z.strictObject({ passphrase: passphraseSchema }),
    signInStepSchema,
  ),
  'session.continue': request(['none'], empty, signInStepSchema),
  /** Forgets a sign-in that is half done. */
  'session.cancelSignIn': request(['none'], empty, empty),
  /**
   * Nobody can sign in: a recovery key opens the record, and this administrator chooses a new passphrase. Where the
   * keychain of this computer is lost, every other account needs a one-time code afterwards.
   */
  'session.recover': request(
    ['none'],
    z.strictObject({ userId: userIdSchema, identity: z.string().max(400) }),
    signInStepSchema,
  ),
  /** The person at the screen did something; at most one in a few seconds. */
  'session.activity': request(signedIn, empty, empty),
  /** Both end the vault, the inference and the page's process state; the port closes after the answer. */
  'session.signOut': request(signedIn, empty, empty),
  'session.lock': request(signedIn, empty, empty),
} as const;
