import { z } from 'zod';
import { entrySchema, userIdSchema } from './ids.ts';
import { logEventTypeSchema } from './log-event-types.ts';

/** What the vault tells the page about the log. */
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
});
export type LogRow = z.infer<typeof logRowSchema>;

export const logRecordSchema = z.strictObject({
  row: logRowSchema,
  /** The leaf exactly as it is hashed: one line of canonical JSON. */
  leafJson: z.string(),
  leafHash: z.string(),
  /** The other half of an interaction (intent or outcome), if there is one. */
  counterpart: entrySchema.nullable(),
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
  treeSize: z.int(),
  clinicalText: z.enum(['withheld', 'included']),
  keyFingerprint: z.string(),
  elapsedMs: z.number(),
});
export type ExportSummary = z.infer<typeof exportSummarySchema>;
