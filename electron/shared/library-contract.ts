import { z } from 'zod';
import { appErrorSchema } from './app-error-schema.ts';
import { graphicsStateSchema } from './graphics.ts';
import { administrators, empty, request } from './request-parts.ts';

/** The models of the catalogue, and files that bring one here from a drive. */

const libraryModelSchema = z.strictObject({
  modelId: z.string(),
  name: z.string(),
  licence: z.string(),
  /** What the catalogue says that it is for. */
  use: z.string(),
  sizeBytes: z.int(),
  /** A file of its length is here; that it is the right one is seen whenever it is loaded. */
  isInstalled: z.boolean(),
  /** On this computer, when it was loaded first; null: not yet. */
  measured: z
    .strictObject({
      /** For a visit note: a source of `visitNote.sourceTokens` read, an answer of `visitNote.answerTokens` written. */
      noteSeconds: z.number().nonnegative().nullable(),
      memoryBytes: z.int().nullable(),
    })
    .nullable(),
  /** The one that answers. */
  isInUse: z.boolean(),
  /** The one that answers from the next sign-in on. */
  isNext: z.boolean(),
});

/** A usual one: of about ten minutes of talk. */
export const visitNote = { sourceTokens: 2000, answerTokens: 400 } as const;

const modelImportSchema = z.strictObject({
  /** 0 to 1, while a file is read; null: none is. */
  fraction: z.number().nullable(),
  /** The name of the model that the last file was. */
  added: z.string().nullable(),
  /** Why the last file was not added. */
  problem: appErrorSchema.nullable(),
});
export type ModelImport = z.infer<typeof modelImportSchema>;

const modelLibrarySchema = z.strictObject({
  models: z.array(libraryModelSchema),
  import: modelImportSchema,
  /** With the model that answers; null: not tried yet. */
  graphics: graphicsStateSchema.nullable(),
});
export type ModelLibrary = z.infer<typeof modelLibrarySchema>;

export const libraryRequests = {
  'models.library': request(administrators, empty, modelLibrarySchema),
  /** Answered when it has begun; `model.import` events tell the rest. */
  'models.import': request(administrators, z.strictObject({ fileGrant: z.string().max(80) }), empty),
  'models.stopImport': request(administrators, empty, empty),
  /** Makes it the one that answers on this computer, from the next sign-in on. */
  'models.choose': request(administrators, z.strictObject({ modelId: z.string().max(80) }), empty),
  /** Deletes its file. */
  'models.remove': request(administrators, z.strictObject({ modelId: z.string().max(80) }), empty),
} as const;

/** With the whole library: what is installed may have changed. */
export const libraryEventSchema = z.strictObject({
  event: z.literal('model.import'),
  library: modelLibrarySchema,
});
