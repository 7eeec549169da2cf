import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** `models/catalogue.json`, and the list that an organisation signs in its place: `approved-models.ts`. */
export const catalogueMembers = {
  /** Id of the model that answers where nobody chose another. */
  default: z.string(),
  models: z.array(
    z.strictObject({
      id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,79}$/),
      name: z.string().max(120),
      /** A file name, never a path. */
      file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\.gguf$/),
      sizeBytes: z.int().positive(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      contextTokens: z.int().positive(),
      licence: z.string().max(120),
      repository: z.string().max(200),
      /** The commit of the repository whose file this is; without it, it is imported and not downloaded. */
      revision: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .optional(),
      use: z.string().max(300),
    }),
  ),
};

const catalogueSchema = z.strictObject({ version: z.literal(1), ...catalogueMembers });

/** The one file that is approved, and the revision of its publisher's repository that has it. */
export type CatalogueFile = {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Most that is used of what the model was trained for. */
  readonly contextTokens: number;
  readonly licence: string;
  /** What it is for, in words. */
  readonly use: string;
  readonly repository: string;
  /** Null: it comes from nowhere that could be asked. */
  readonly revision: string | null;
};

export type Catalogue = { readonly defaultId: string; readonly models: readonly CatalogueFile[] };

/** @returns null where it cannot be read, is none, does not hold its own default, or has an id, a file or a hash twice */
export function readCatalogue(path: string): Catalogue | null {
  try {
    return catalogueOf(catalogueSchema.parse(JSON.parse(readFileSync(path, 'utf8'))));
  } catch {
    return null;
  }
}

export function catalogueOf(document: {
  readonly default: string;
  readonly models: z.infer<typeof catalogueMembers.models>;
}): Catalogue | null {
  const { models } = document;
  const isOnce = (key: 'id' | 'file' | 'sha256'): boolean =>
    new Set(models.map((model) => model[key])).size === models.length;
  if (!isOnce('id') || !isOnce('file') || !isOnce('sha256')) return null;
  if (!models.some(({ id }) => id === document.default)) return null;
  return {
    defaultId: document.default,
    models: models.map(({ revision, ...model }) => ({
      ...model,
      revision: revision !== undefined && repositoryName.test(model.repository) ? revision : null,
    })),
  };
}

const repositoryName = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/;
