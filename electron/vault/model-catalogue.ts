import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelSpecification } from '../links/model-port.ts';
import type { CatalogueFile } from './models/download-order.ts';

const catalogueSchema = z.strictObject({
  version: z.literal(1),
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
      licence: z.string(),
      repository: z.string(),
      /** The commit of the repository whose file this is; without it, it is imported and not downloaded. */
      revision: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .optional(),
      use: z.string(),
    }),
  ),
});

export type CatalogueModel = { readonly id: string; readonly specification: ModelSpecification };

/**
 * @returns the default model of `models/catalogue.json`, or null when the catalogue cannot be read, is not one, or does
 * not hold its own default: then no model is approved, and the record can still be opened and examined
 */
export function defaultModel(cataloguePath: string, modelsFolder: string): CatalogueModel | null {
  const catalogue = readCatalogue(cataloguePath);
  const model = catalogue?.models.find((candidate) => candidate.id === catalogue.default);
  if (model === undefined) return null;
  const { id, name, file, sizeBytes, sha256, contextTokens } = model;
  return { id, specification: { name, path: join(modelsFolder, file), sizeBytes, sha256, contextTokens } };
}

/** Every model of the catalogue, as a file that could be brought here. */
export function catalogueFiles(cataloguePath: string): readonly CatalogueFile[] {
  const models = readCatalogue(cataloguePath)?.models ?? [];
  return models.map(({ revision, ...model }) => ({
    ...model,
    revision: revision !== undefined && repositoryName.test(model.repository) ? revision : null,
  }));
}

const repositoryName = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

function readCatalogue(path: string): z.infer<typeof catalogueSchema> | null {
  try {
    return catalogueSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}
