import { z } from 'zod';
import { entrySchema, userIdSchema } from './ids.ts';
import {
  activityDaySchema,
  anchoringSchema,
  exportSummarySchema,
  foundRowSchema,
  leafOutcomeSchema,
  logDigestSchema,
  logRecordSchema,
  logRowSchema,
  retentionSchema,
  verificationSchema,
} from './log-data.ts';
import { logEventTypeSchema } from './log-event-types.ts';
import {
  administrators,
  clinicians,
  empty,
  keepers,
  patientReferenceSchema,
  readers,
  request,
  signedIn,
  wellFormed,
} from './request-parts.ts';

/** Looking through the record, checking it, and handing it out: a part of the contract. */

const daySchema = z.iso.date();
/** Both days are included, as clocks on the wall of this computer show them. */
const daysSchema = z.strictObject({ from: daySchema, to: daySchema });

const listFilter = {
  /** Only the records of this patient: after `log.breakGlass`, or where the role sees them anyway. */
  patientReference: patientReferenceSchema.nullable(),
  /** The last row of the page before; null starts at the top. */
  before: entrySchema.nullable(),
  limit: z.int().min(1).max(200),
  userId: userIdSchema.nullable(),
  type: logEventTypeSchema.nullable(),
  outcome: leafOutcomeSchema.nullable().default(null),
  /** Id of a model of the catalogue. */
  model: z.string().min(1).max(80).nullable().default(null),
  from: daySchema.nullable().default(null),
  to: daySchema.nullable().default(null),
};

/** What the list is ordered by: newest first, or in groups with the newest first in each. */
const orderSchema = z.strictObject({
  by: z.enum(['entry', 'user', 'type', 'patient', 'outcome']),
  reversed: z.boolean(),
});

/** What of the record is handed out; anything but everything makes an extract. */
const exportSelectionSchema = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('everything') }),
  z.strictObject({ by: z.literal('entries'), from: entrySchema, to: entrySchema }),
  z.strictObject({ by: z.literal('days'), from: daySchema, to: daySchema }),
  z.strictObject({ by: z.literal('patient'), patientReference: patientReferenceSchema }),
  z.strictObject({ by: z.literal('user'), userId: userIdSchema }),
]);

export const logRequests = {
  'log.list': request(
    signedIn,
    z.strictObject({ ...listFilter, order: orderSchema.default({ by: 'entry', reversed: false }) }),
    z.strictObject({
      rows: z.array(logRowSchema),
      logSize: z.int(),
      models: z.array(z.string()),
      /** Of the records that this one continues after a restore: they are closed, and in no list. */
      earlierEntries: z.int(),
    }),
  ),
  /** Rows whose texts hold all of these words. What was searched for is recorded, as a commitment. */
  'log.search': request(
    readers,
    z.strictObject({
      ...listFilter,
      limit: z.int().min(1).max(50),
      query: wellFormed.trim().min(1).max(200),
      order: orderSchema.default({ by: 'entry', reversed: false }),
    }),
    z.strictObject({
      rows: z.array(foundRowSchema),
      logSize: z.int(),
      /** False: so many words begin like the last one that only the word itself was searched for. */
      beginsWords: z.boolean(),
    }),
  ),
  'log.open': request(signedIn, z.strictObject({ entry: entrySchema }), logRecordSchema),
  /** Opens what others recorded about one patient, until the session ends. The reason is recorded first. */
  'log.breakGlass': request(
    ['clinician'],
    z.strictObject({
      patientReference: patientReferenceSchema,
      /** Reads as a sentence to whoever reviews it; a single letter is no reason. Characters. */
      reason: wellFormed.trim().min(10).max(500),
    }),
    z.strictObject({ entry: entrySchema, entries: z.int() }),
  ),
  /** Says that somebody looked at everything up to this entry; from where the review before ended. */
  'log.review': request(
    keepers,
    z.strictObject({ upTo: entrySchema, note: wellFormed.trim().max(500) }),
    z.strictObject({ entry: entrySchema, from: entrySchema, to: entrySchema }),
  ),
  /**
   * Says what is wrong with an entry about a patient, in an entry of its own. With a reference, the entry belongs to that
   * patient and was filed under another.
   */
  'record.correct': request(
    clinicians,
    z.strictObject({
      entry: entrySchema,
      patientReference: patientReferenceSchema.nullable(),
      correction: wellFormed.trim().min(10).max(4000),
    }),
    z.strictObject({ entry: entrySchema }),
  ),
  'log.digest': request(keepers, daysSchema, logDigestSchema),
  /** Days without an entry are left out. */
  'log.activity': request(keepers, daysSchema, z.strictObject({ days: z.array(activityDaySchema) })),
  /** What is about to be deleted because its time is over. */
  'retention.get': request(keepers, empty, retentionSchema),
  /** Much is due at once, and somebody has looked whether the clock is right: it is deleted now. */
  'retention.confirm': request(administrators, empty, retentionSchema),
  'log.verify': request(signedIn, empty, verificationSchema),
  /** To and from the folder that the policy names. */
  'log.anchor': request(keepers, empty, anchoringSchema),
  'log.export': request(
    keepers,
    z.strictObject({
      clinicalText: z.enum(['withheld', 'included']),
      selection: exportSelectionSchema.default({ by: 'everything' }),
      /** Public keys of age, as they were typed: only their holders can open the file. None: it is not encrypted. */
      recipients: z.array(z.string().trim().min(1).max(200)).max(8).default([]),
      fileGrant: z.uuid(),
    }),
    exportSummarySchema,
  ),
  /** A running export answers with `cancelled`, and leaves no file. */
  'log.cancelExport': request(keepers, empty, empty),
} as const;
