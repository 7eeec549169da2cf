import { rmSync } from 'node:fs';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { OpenSession } from '../session/open-session.ts';
import { recordThen } from '../session/record-event.ts';
import type { CatalogueFile } from './model-catalogue.ts';
import { writeChoice } from './model-choice.ts';
import { modelFiles } from './model-files.ts';

type Done = Promise<Result<Record<string, never>>>;

/** What an administrator does with the models that are here. Each is recorded before it is done. */
export type ModelLibrary = {
  /** From the next sign-in on it answers: a model does not change while somebody works. */
  choose(modelId: string): Done;
  /** Not the one that answers, nor the one that will. */
  remove(modelId: string): Done;
};

type Deps = {
  readonly dataFolder: string;
  readonly modelsFolder: string;
  readonly models: readonly CatalogueFile[];
  readonly inUse: { readonly id: string | null; readonly next: () => string | null };
  readonly session: () => OpenSession;
  readonly onChanged: () => void;
};

export function createModelLibrary(deps: Deps): ModelLibrary {
  const { dataFolder, modelsFolder, models, inUse } = deps;

  function installed(modelId: string): Result<CatalogueFile> {
    const model = models.find(({ id }) => id === modelId);
    return model !== undefined && modelFiles(modelsFolder, model).isInstalled() ? ok(model) : err(notHere);
  }

  const carryOut = (type: 'model.chosen' | 'model.removed', model: CatalogueFile, act: () => void): Done =>
    recordThen(deps.session(), { type, data: { model: model.sha256, modelId: model.id } }, () => {
      try {
        act();
        return ok({});
      } catch {
        return err(notWritable);
      } finally {
        deps.onChanged();
      }
    });

  return {
    async choose(modelId) {
      const model = installed(modelId);
      if (!model.ok) return model;
      return carryOut('model.chosen', model.value, () => {
        writeChoice(dataFolder, modelId);
      });
    },
    async remove(modelId) {
      const model = installed(modelId);
      if (!model.ok) return model;
      if (modelId === inUse.id || modelId === inUse.next()) return err(isUsed);
      return carryOut('model.removed', model.value, () => {
        rmSync(modelFiles(modelsFolder, model.value).path);
      });
    },
  };
}

const notHere = appError(
  'model-missing',
  'This model is not on this computer, or is not approved any more. Nothing was changed. Import or download it first.',
);
const isUsed = appError(
  'invalid-input',
  'This model answers on this computer, so it was not deleted. Choose another one and sign in again, then delete it.',
);
const notWritable = appError(
  'data-folder-not-writable',
  'The file system refused, so this was not done; the record says that it was tried. Check the folder of the models and its rights, then try again.',
);
