import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout } from '../../build/setup/cache-folder.mjs';
import { runtimePath } from '../../build/setup/runtime-path.mjs';

export type Models = { readonly folder: string; readonly file: string; readonly catalogue: string };

/** For a launch. */
export function withModel({ folder, catalogue }: Models) {
  return { modelsFolder: folder, catalogue } as const;
}

/** Writes the small random-weights model: fast to load, and it talks long enough to be interrupted. */
export function writeTinyModels(words: readonly string[] = []): Models {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-tiny-model-'));
  chmodSync(folder, 0o755);
  const file = join(folder, 'tiny.gguf');
  const catalogue = join(folder, 'catalogue.json');
  execFileSync(
    runtimePath(),
    [join(checkout, 'build/tiny-model/write-tiny-model.ts'), file, catalogue, ...words],
    {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: 'pipe',
    },
  );
  return { folder, file, catalogue };
}
