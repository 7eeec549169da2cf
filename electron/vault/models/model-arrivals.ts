import type { StartMessage } from '../vault-parts.ts';
import { createModelDownloads, type ModelDownloads } from './model-downloads.ts';
import { createModelImports, type ModelImports } from './model-imports.ts';
import { createModelLibrary, type ModelLibrary } from './model-library.ts';

/** The two ways on which a model comes here, from a host that the policy names and from a drive, and what is done with those that are here. */
export type ModelArrivals = {
  readonly downloads: ModelDownloads;
  readonly imports: ModelImports;
  readonly library: ModelLibrary;
  /** The session ends. */
  stop(): void;
};

export function createModelArrivals(
  deps: Parameters<typeof createModelDownloads>[0] &
    Parameters<typeof createModelImports>[0] & { readonly start: Pick<StartMessage, 'dataFolder'> },
): ModelArrivals {
  const downloads = createModelDownloads(deps);
  const imports = createModelImports(deps);
  const { models, inUse, session, start } = deps;
  const library = createModelLibrary({ ...start, models, inUse, session, onChanged: imports.changed });
  return {
    downloads,
    imports,
    library,
    stop() {
      downloads.stop();
      imports.stop();
    },
  };
}
