import { z } from 'zod';
import { entrySchema, userIdSchema } from './ids.ts';
import { logEventTypeSchema } from './log-event-types.ts';

/** What the vault tells the page about the log. */
export const leafOutcomeSchema = z.enum(['success', 'stopped', 'refused', 'failed', 'attention']);
export type LeafOutcome = z.infer<typeof leafOutcomeSchema>;

export const logRowSchema = z.strictObject({
  entry: entrySchema,
  type: logEventTypeSchema,
  at: z.iso.datetime(),
  actorId: userIdSchema.nullable(),
  /** Null when the system itself acted. */
  actorName: z.string().nullable(),
  /** The record number, for those who may see it; else null. */
  patientReference: z.string().nullable(),
  outcome: z.string(),
  /** Id of the model that the entry is about. */
  model: z.string().nullable(),
  /** Who looked at it, and when; null where nobody said so. */
  review: z.strictObject({ name: z.string(), at: z.iso.datetime() }).nullable(),
});
export type LogRow = z.infer<typeof logRowSchema>;

export const foundRowSchema = z.strictObject({
  row: logRowSchema,
  /** The first place where one of the words stands; null where only all of the entry's texts together show it. */
  place: z
    .strictObject({ field: z.string(), before: z.string(), match: z.string(), after: z.string() })
    .nullable(),
});
export type FoundRow = z.infer<typeof foundRowSchema>;

export const activityDaySchema = z.strictObject({
  day: z.iso.date(),
  entries: z.int(),
  /** Those of them that want attention. */
  attention: z.int(),
});

export const logDigestSchema = z.strictObject({
  /** In the days that were asked for. */
  entries: z.int(),
  attention: z.int(),
  requests: z.int(),
  failedSignIns: z.int(),
  breakGlass: z.int(),
  /** Of the whole record. */
  logSize: z.int(),
  /** Days before today with entries that nobody reviewed. */
  unreviewedDays: z.int(),
  lastReview: z.strictObject({ name: z.string(), at: z.iso.datetime(), upTo: entrySchema }).nullable(),
  /** The newest checkpoint that left this computer, in a bundle or to the folder for checkpoints. */
  lastDeparture: z.strictObject({ at: z.iso.datetime(), entry: entrySchema }).nullable(),
});

export const retentionSchema = z.strictObject({
  years: z.int(),
  legalHold: z.boolean(),
  /** Null where nothing is due. */
  due: z
    .strictObject({
      /** Entries below this one are older than `before`. */
      to: z.int(),
      before: z.iso.datetime(),
      /** Entries among them that still have a text, and when the oldest was written. */
      entries: z.int(),
      oldestAt: z.iso.datetime(),
      /** So much at once is deleted only when an administrator has confirmed it. */
      needsConfirmation: z.boolean(),
    })
    .nullable(),
});

export const logRecordSchema = z.strictObject({
  row: logRowSchema,
  /** The leaf exactly as it is hashed: one line of canonical JSON. */
  leafJson: z.string(),
  leafHash: z.string(),
  /** The other half of an interaction (intent or outcome), if there is one. */
  counterpart: entrySchema.nullable(),
  /** The entry that this one corrects, and those that correct this one, in order. */
  corrects: entrySchema.nullable(),
  correctedBy: z.array(entrySchema),
  /** Whether this person may correct it. */
  correctable: z.boolean(),
  payloads: z.array(
    z.strictObject({
      field: z.string(),
      /** Null where this role may not read it, or it was disposed of; `withheld` says which. */
      text: z.string().nullable(),
      withheld: z.enum(['role', 'disposed']).nullable(),
      /** Whether SHA-256(0x10 || salt || text) equals the commitment in the leaf. */
      matchesCommitment: z.boolean(),
    }),
  ),
  /** The leaf was proven to be in the tree that the newest signed checkpoint describes. */
  inclusion: z.strictObject({ treeSize: z.int(), rootHash: z.string(), proven: z.boolean() }),
});
export type LogRecord = z.infer<typeof logRecordSchema>;

export const verificationSchema = z.strictObject({
  consistent: z.boolean(),
  treeSize: z.int(),
  rootHash: z.string(),
  keyFingerprint: z.string(),
  payloadsChecked: z.int(),
  firstBadEntry: z.int().nullable(),
  problem: z.string().nullable(),
  elapsedMs: z.number(),
});
export type Verification = z.infer<typeof verificationSchema>;

export const exportSummarySchema = z.strictObject({
  fileName: z.string(),
  sizeBytes: z.int(),
  /** Entries in the file, of an extract fewer than the record has. */
  records: z.int(),
  treeSize: z.int(),
  clinicalText: z.enum(['withheld', 'included']),
  encrypted: z.boolean(),
  keyFingerprint: z.string(),
  elapsedMs: z.number(),
});
export type ExportSummary = z.infer<typeof exportSummarySchema>;

/** A checkpoint that left the machine does not fit this record: it was set back (`rollback`) or written anew (`fork`). */
export const suspicionSchema = z.strictObject({
  kind: z.enum(['rollback', 'fork']),
  anchorSize: z.int(),
  treeSize: z.int(),
});
export type Suspicion = z.infer<typeof suspicionSchema>;

/** How an attempt to compare this record with checkpoints outside the machine went, and to leave the newest there. */
export const anchoringSchema = z.strictObject({
  outcome: z.enum(['written', 'not-written', 'unreachable', 'unchecked', 'suspect']),
  /** Checkpoints that this record continues. */
  matching: z.int(),
  /** Files in its name that no key of it signed, or that cannot be read. */
  foreign: z.int(),
  /** Entries that the written checkpoint covers. */
  size: z.int().nullable(),
  suspicion: suspicionSchema.nullable(),
});
export const backupSummarySchema = z.strictObject({
  folderName: z.string(),
  sizeBytes: z.int(),
  /** Entries in the copy: those of the moment at which it was taken. */
  treeSize: z.int(),
  /** The copy's newest checkpoint, a signed note: whoever keeps it can tell an older copy from this one. */
  checkpoint: z.string(),
  keyFingerprint: z.string(),
  /** It lies on the disk that the record itself is on: that is lost with it. */
  isSameDisk: z.boolean(),
  elapsedMs: z.number(),
});
export type BackupSummary = z.infer<typeof backupSummarySchema>;
