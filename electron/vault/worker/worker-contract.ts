import { z } from 'zod';
import { backupSummarySchema, exportSummarySchema, verificationSchema } from '../../shared/log-data.ts';
import { appErrorSchema } from '../../shared/app-error-schema.ts';
import { selectionSchema } from '../log/selection.ts';

const anchorCheckSchema = z.strictObject({
  matching: z.int(),
  newestSize: z.int().nullable(),
  foreign: z.int(),
  unreadable: z.int(),
  problem: z.strictObject({ kind: z.enum(['rollback', 'fork']), anchorSize: z.int() }).nullable(),
});
/** Null in the answer: the folder cannot be reached. */
export type FolderCheck = z.infer<typeof anchorCheckSchema>;

const spoolOutcomeSchema = z.enum(['written', 'unreachable', 'not-written']);
export type SpoolOutcome = z.infer<typeof spoolOutcomeSchema>;

/** What a bundle says of the app that made it. */
const maker = {
  appVersion: z.string(),
  versions: z.record(z.string(), z.string()),
  model: z.strictObject({ id: z.string(), sha256: z.string() }).nullable(),
  /** In force when it was made; null: none is. */
  policy: z.strictObject({ version: z.int(), sha256: z.string() }).nullable(),
  flavour: z.enum(['release', 'development']),
};

/** What the vault gives a worker thread. The key is a copy that the worker zeroes when its handle is open. */
export const workerTaskSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('verify'),
    databasePath: z.string(),
    dek: z.instanceof(Uint8Array),
    origin: z.string(),
    verifierKey: z.string(),
  }),
  z.strictObject({
    kind: z.literal('export'),
    databasePath: z.string(),
    dek: z.instanceof(Uint8Array),
    logSeed: z.instanceof(Uint8Array),
    origin: z.string(),
    verifierKey: z.string(),
    path: z.string(),
    /** Where it is written until it is whole: a name of its own beside the final one. */
    unfinishedPath: z.string(),
    size: z.int().positive(),
    clinicalText: z.enum(['withheld', 'included']),
    selection: selectionSchema.nullable(),
    recipients: z.array(z.string()),
    /** One 32-bit word, not 0 when the export should end. */
    cancelled: z.instanceof(SharedArrayBuffer),
    ...maker,
  }),
  /** Puts entries `from` to `to - 1` into a folder for IT's agents. A checkpoint of `to` entries is stored. */
  z.strictObject({
    kind: z.literal('spool'),
    databasePath: z.string(),
    dek: z.instanceof(Uint8Array),
    logSeed: z.instanceof(Uint8Array),
    origin: z.string(),
    verifierKey: z.string(),
    folder: z.string(),
    recipients: z.array(z.string()),
    from: z.int().nonnegative(),
    to: z.int().positive(),
    ...maker,
  }),
  /** Reads the checkpoints of a folder and compares them with the record. */
  z.strictObject({
    kind: z.literal('check-anchors'),
    databasePath: z.string(),
    dek: z.instanceof(Uint8Array),
    origin: z.string(),
    verifierKey: z.string(),
    folder: z.string(),
  }),
  z.strictObject({ kind: z.literal('check-file'), databasePath: z.string(), dek: z.instanceof(Uint8Array) }),
  /** Copies the record and its key file to a new folder. */
  z.strictObject({
    kind: z.literal('backup'),
    databasePath: z.string(),
    dek: z.instanceof(Uint8Array),
    path: z.string(),
    unfinishedPath: z.string(),
    appVersion: z.string(),
    madeAt: z.string(),
  }),
  /** A file that is nobody's secret: no key. */
  z.strictObject({
    kind: z.literal('copy-file'),
    from: z.string(),
    /** Null: it is only hashed. */
    to: z.string().nullable(),
    /** One 32-bit word, not 0 when the copy should end. */
    cancelled: z.instanceof(SharedArrayBuffer),
  }),
  /** Needs no key: a checkpoint is for everybody. */
  z.strictObject({
    kind: z.literal('write-anchor'),
    folder: z.string(),
    origin: z.string(),
    size: z.int().positive(),
    note: z.string(),
  }),
]);
export type WorkerTask = z.infer<typeof workerTaskSchema>;

export const workerMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('progress'), fraction: z.number() }),
  z.strictObject({ kind: z.literal('verified'), verification: verificationSchema }),
  z.strictObject({ kind: z.literal('file-checked'), whole: z.boolean() }),
  z.strictObject({ kind: z.literal('anchors-checked'), check: anchorCheckSchema.nullable() }),
  z.strictObject({ kind: z.literal('anchor-written'), written: z.boolean() }),
  z.strictObject({
    kind: z.literal('copied'),
    outcome: z.union([
      z.strictObject({ sha256: z.string() }),
      z.strictObject({ failure: z.enum(['cancelled', 'source', 'target', 'disk-full']) }),
    ]),
  }),
  z.strictObject({ kind: z.literal('spooled'), done: spoolOutcomeSchema }),
  z.strictObject({ kind: z.literal('exported'), summary: exportSummarySchema }),
  z.strictObject({ kind: z.literal('backed-up'), summary: backupSummarySchema }),
  z.strictObject({ kind: z.literal('cancelled') }),
  z.strictObject({ kind: z.literal('failed'), error: appErrorSchema }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
