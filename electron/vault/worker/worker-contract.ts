import { z } from 'zod';
import { exportSummarySchema, verificationSchema } from '../../shared/log-data.ts';
import { appErrorSchema } from '../../shared/app-error.ts';

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
    appVersion: z.string(),
    versions: z.record(z.string(), z.string()),
    model: z.strictObject({ id: z.string(), sha256: z.string() }).nullable(),
    flavour: z.enum(['release', 'development']),
  }),
]);
export type WorkerTask = z.infer<typeof workerTaskSchema>;

export const workerMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('progress'), fraction: z.number() }),
  z.strictObject({ kind: z.literal('verified'), verification: verificationSchema }),
  z.strictObject({ kind: z.literal('exported'), summary: exportSummarySchema }),
  z.strictObject({ kind: z.literal('failed'), error: appErrorSchema }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
