import { createModelDownloads, type ModelDownloads } from './model-downloads.ts';
import { createModelImports, type ModelImports } from './model-imports.ts';

/** The two ways on which a model comes here: from a host that the policy names, and from a drive. */
export type ModelArrivals = {
  readonly downloads: ModelDownloads;
  readonly imports: ModelImports;
  /** The session ends. */
  stop(): void;
};

export function createModelArrivals(
  deps: Parameters<typeof createModelDownloads>[0] & Parameters<typeof createModelImports>[0],
): ModelArrivals {
  const downloads = createModelDownloads(deps);
  const imports = createModelImports(deps);
  return {
    downloads,
    imports,
    stop() {
      downloads.stop();
      imports.stop();
    },
  };
}
