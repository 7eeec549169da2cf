import { z } from 'zod';
import { appErrorSchema } from './app-error-schema.ts';
import { administrators, empty, request } from './request-parts.ts';

/** Downloads of models: what an administrator may ask for, and what the page is told meanwhile. */

const downloadProgressSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('absent') }),
  /** A download that ended early; it goes on from there. */
  z.strictObject({ state: z.literal('part'), bytes: z.int() }),
  z.strictObject({ state: z.literal('downloading'), bytes: z.int() }),
  /** All of it is here, and is being hashed; `fraction` from 0 to 1. */
  z.strictObject({ state: z.literal('checking'), fraction: z.number() }),
  z.strictObject({ state: z.literal('installed') }),
]);
export type DownloadProgress = z.infer<typeof downloadProgressSchema>;

const modelIdSchema = z.string().max(80);

const modelDownloadSchema = z.strictObject({
  modelId: modelIdSchema,
  progress: downloadProgressSchema,
  /** Why the last download of this session ended early. */
  problem: appErrorSchema.nullable(),
});
export type ModelDownload = z.infer<typeof modelDownloadSchema>;

const downloadableModelSchema = modelDownloadSchema.extend({
  name: z.string(),
  licence: z.string(),
  sizeBytes: z.int(),
});

const modelDownloadsSchema = z.strictObject({
  /** Why nothing can be downloaded; null: it can. */
  refusal: z.string().nullable(),
  /** Where the files come from: the name of a host. */
  source: z.string(),
  models: z.array(downloadableModelSchema),
});
export type ModelDownloads = z.infer<typeof modelDownloadsSchema>;

export const downloadRequests = {
  'models.downloads': request(administrators, empty, modelDownloadsSchema),
  /** Begins, or goes on. Answered when it has begun; `model.download` events tell the rest. */
  'models.download': request(administrators, z.strictObject({ modelId: modelIdSchema }), empty),
  /** What has come is kept. */
  'models.stopDownload': request(administrators, empty, empty),
  /** Deletes what has come of a file that is not whole. */
  'models.discardDownload': request(administrators, z.strictObject({ modelId: modelIdSchema }), empty),
} as const;

export const downloadEventSchema = z.strictObject({
  event: z.literal('model.download'),
  download: modelDownloadSchema,
});
