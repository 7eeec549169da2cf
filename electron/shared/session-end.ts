import { z } from 'zod';

/** Why a session is over; the process that served it goes with it. */
export const sessionEndReasonSchema = z.enum([
  'signed-out',
  'locked',
  'keys-changed',
  'log-key-changed',
  /** A change of a key was begun and came to nothing. */
  'keys-unchanged',
  /** Its computer is no longer used: there is no key here any more. */
  'decommissioned',
]);
export type SessionEndReason = z.infer<typeof sessionEndReasonSchema>;

/** Why the vault was started. */
export const startedBecauseSchema = z.enum(['launch', 'vault-crashed', ...sessionEndReasonSchema.options]);
