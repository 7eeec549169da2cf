import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { approvedModels, type ApprovedModels } from '../vault/models/approved-models.ts';
import { chosenModel } from '../vault/models/model-choice.ts';
import type { CatalogueFile } from '../vault/models/model-catalogue.ts';
import type { CommandDeps } from './command.ts';
import { pinnedKeyOf, locationOf } from './policy-state.ts';

/** Of the list, what an inventory names. */
export type ApprovedModel = Pick<
  CatalogueFile,
  'id' | 'name' | 'file' | 'sizeBytes' | 'sha256' | 'licence'
> & {
  /** It answers on this computer. */
  readonly isDefault: boolean;
  /** A file of that name is there. That it is the right one, the inference process proves before it loads it. */
  readonly isPresent: boolean;
};

export type ApprovedHere = Pick<ApprovedModels, 'by' | 'problem'> & {
  readonly models: readonly ApprovedModel[];
};

/** As the app would find them at its start. */
export function approvedModelsHere(deps: CommandDeps): ApprovedHere {
  const { facts } = deps;
  const { by, problem, catalogue } = approvedModels(
    facts.cataloguePath,
    locationOf(deps, facts.policyFolder),
    pinnedKeyOf(deps),
  );
  const inUse = chosenModel(catalogue, facts.dataFolder, facts.modelsFolder);
  const models = (catalogue?.models ?? []).map(({ id, name, file, sizeBytes, sha256, licence }) => ({
    id,
    name,
    file,
    sizeBytes,
    sha256,
    licence,
    isDefault: id === inUse?.id,
    isPresent: existsSync(join(facts.modelsFolder, file)),
  }));
  return { by, problem, models };
}
