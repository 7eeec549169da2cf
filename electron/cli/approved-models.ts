import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { defaultModel } from '../vault/model-catalogue.ts';

/** Of the catalogue, what an inventory names; the vault reads the whole of it, strictly. */
const listSchema = z.object({
  default: z.string(),
  models: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      file: z.string(),
      sizeBytes: z.number(),
      sha256: z.string(),
      licence: z.string(),
    }),
  ),
});

export type ApprovedModel = z.infer<typeof listSchema>['models'][number] & {
  readonly isDefault: boolean;
  /** A file of that name is there. That it is the right one, the inference process proves before it loads it. */
  readonly isPresent: boolean;
};

/** @returns none where the vault takes no model of this catalogue */
export function approvedModels(cataloguePath: string, modelsFolder: string): readonly ApprovedModel[] {
  if (defaultModel(cataloguePath, modelsFolder) === null) return [];
  const list = listSchema.parse(JSON.parse(readFileSync(cataloguePath, 'utf8')));
  return list.models.map((model) => ({
    ...model,
    isDefault: model.id === list.default,
    isPresent: existsSync(join(modelsFolder, model.file)),
  }));
}
