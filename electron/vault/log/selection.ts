import { z } from 'zod';
import { entrySchema, patientIdSchema, userIdSchema } from '../../shared/ids.ts';

const instantSchema = z.iso.datetime({ precision: 3 });

/** Which leaves an extract holds: FORMAT.md, "Extract". As a leaf and the manifest have it. */
export const selectionSchema = z.discriminatedUnion('by', [
  /** Both ends are in it. */
  z.strictObject({ by: z.literal('entries'), from: entrySchema, to: entrySchema }),
  /** Wall clock of the leaves: from `from` on, and before `to`. */
  z.strictObject({ by: z.literal('time'), from: instantSchema, to: instantSchema }),
  z.strictObject({ by: z.literal('patient'), patient: patientIdSchema }),
  /** What this user did, not what was done to the account. */
  z.strictObject({ by: z.literal('user'), user: userIdSchema }),
]);
export type Selection = z.infer<typeof selectionSchema>;
