import { err, ok } from '../../shared/result.ts';
import type { FileGrants } from '../file-grants.ts';
import { notChosen } from '../models/import-errors.ts';
import type { ModelImports } from '../models/model-imports.ts';
import type { ModelLibrary } from '../models/model-library.ts';
import type { Handlers } from './request-table.ts';

export type LibraryDeps = {
  readonly imports: ModelImports;
  readonly library: ModelLibrary;
  readonly grants: FileGrants;
};

/** The models of the catalogue, and files that bring one here from a drive. */
export function libraryHandlers({
  imports,
  library,
  grants,
}: LibraryDeps): Pick<
  Handlers,
  'models.library' | 'models.import' | 'models.stopImport' | 'models.choose' | 'models.remove'
> {
  return {
    'models.library': () => ok(imports.library()),
    'models.import': ({ fileGrant }) => {
      const path = grants.take(fileGrant, 'model-file');
      return path === null ? err(notChosen) : imports.begin(path);
    },
    'models.stopImport': () => {
      imports.stop();
      return ok({});
    },
    'models.choose': ({ modelId }) => library.choose(modelId),
    'models.remove': ({ modelId }) => library.remove(modelId),
  };
}
