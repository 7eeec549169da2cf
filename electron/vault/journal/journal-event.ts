import { z } from 'zod';
import { userIdSchema } from '../../shared/ids.ts';

/**
 * What can be seen while nobody is signed in. Closed words, numbers and ids only: nothing that a person typed, because a
 * name field is where passphrases end up.
 */
const what = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('sign-in.failed'),
    user: userIdSchema.nullable(),
    reason: z.enum([
      'passphrase',
      'second-factor',
      'locked-out',
      'disabled',
      'unknown-account',
      'keychain',
      'keyring',
    ]),
  }),
  z.strictObject({ type: z.literal('sign-in.locked-out'), user: userIdSchema }),
  z.strictObject({
    type: z.literal('process.ended'),
    process: z.enum(['inference', 'vault']),
    exitCode: z.int(),
  }),
  z.strictObject({
    type: z.literal('network.blocked'),
    process: z.enum(['main', 'vault', 'inference', 'page', 'egress']),
    api: z.string().regex(/^[A-Za-z0-9.:_-]{1,60}$/),
  }),
  z.strictObject({ type: z.literal('policy.problem'), code: z.string().regex(/^[a-z][a-z-]{0,39}$/) }),
  z.strictObject({ type: z.literal('keyring.refused'), code: z.string().regex(/^[a-z][a-z-]{0,39}$/) }),
]);
export type JournalEvent = z.infer<typeof what>;

export const observedEventSchema = z.strictObject({
  at: z.iso.datetime({ precision: 3 }),
  monotonicMs: z.int().nonnegative(),
  bootId: z.uuid(),
  event: what,
});
export type ObservedEvent = z.infer<typeof observedEventSchema>;
