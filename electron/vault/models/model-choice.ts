import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelSpecification } from '../../links/model-port.ts';
import { openEngineSettings } from '../engine-settings.ts';
import { openGraphicsMemory } from '../graphics-memory.ts';
import { replaceFile } from '../keys/durable-file.ts';
import type { PolicyLocation } from '../policy/policy-location.ts';
import type { StartMessage } from '../vault-parts.ts';
import { approvedModels } from './approved-models.ts';
import type { Catalogue } from './model-catalogue.ts';

/** The model that answers, as long as these processes live. */
export type ModelInUse = { readonly id: string; readonly specification: ModelSpecification };

const choiceSchema = z.strictObject({ modelId: z.string().max(80) });
const fileName = 'model-choice.json';

/**
 * The model that an administrator chose on this computer, else the default of the list. The choice can only be among
 * approved models, so its file needs no seal and can be read before anybody signs in.
 */
export function chosenModel(
  catalogue: Catalogue | null,
  dataFolder: string,
  modelsFolder: string,
): ModelInUse | null {
  if (catalogue === null) return null;
  const chosen = readChoice(dataFolder);
  const model =
    catalogue.models.find(({ id }) => id === chosen) ??
    catalogue.models.find(({ id }) => id === catalogue.defaultId);
  if (model === undefined) return null;
  const { id, name, file, sizeBytes, sha256, contextTokens } = model;
  return { id, specification: { name, path: join(modelsFolder, file), sizeBytes, sha256, contextTokens } };
}

/** What may be loaded here, what is, what will be, and what was measured. */
export function modelsHere(
  { cataloguePath, dataFolder, modelsFolder, version }: StartMessage,
  location: PolicyLocation,
  pinnedKey: string | null,
  mayUseGraphics: () => boolean,
) {
  const { catalogue, problem } = approvedModels(cataloguePath, location, pinnedKey);
  const next = (): ModelInUse | null => chosenModel(catalogue, dataFolder, modelsFolder);
  const model = next();
  const graphics = openGraphicsMemory({
    dataFolder,
    version,
    isAllowed: mayUseGraphics,
    now: () => performance.now(),
  });
  return {
    model,
    /** As leaves and bundles name it. */
    named: () => model && { id: model.id, sha256: model.specification.sha256 },
    noModel: problem,
    settings: openEngineSettings(dataFolder),
    graphics,
    graphicsState: () => model && graphics.stateOf(model.specification.sha256),
    models: catalogue?.models ?? [],
    inUse: { id: model?.id ?? null, next: () => next()?.id ?? null },
  };
}

function readChoice(dataFolder: string): string | null {
  try {
    return choiceSchema.parse(JSON.parse(readFileSync(join(dataFolder, fileName), 'utf8'))).modelId;
  } catch {
    return null;
  }
}

/** Counts from the next start of these processes on. @throws the file system's error */
export function writeChoice(dataFolder: string, modelId: string): void {
  replaceFile(dataFolder, fileName, Buffer.from(JSON.stringify({ modelId })));
}
