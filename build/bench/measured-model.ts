import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execFileSync } from 'node:child_process';
import type { ModelSpecification } from '../../electron/links/model-port.ts';
import { cacheFolder, modelCache } from '../setup/cache-folder.mjs';
import { modelEntry } from '../setup/model.mjs';
import { llamaCppTool } from './llama-cpp.ts';

export type MeasuredModel = {
  readonly specification: ModelSpecification;
  /** For the row's words. */
  readonly label: string;
};

/**
 * A slow model hides what everything around it costs. So the engine's rows are measured on the embedded one in Q4_0, made once
 * where llama.cpp's own tools are there (CLOISTER_LLAMA_CPP), and on the embedded one as it is elsewhere.
 * @returns null where the embedded model is not in the cache
 */
export async function measuredModel(): Promise<MeasuredModel | null> {
  const { name, file, contextTokens, sizeBytes, sha256 } = modelEntry();
  const embedded = join(modelCache(), file);
  if (!existsSync(embedded)) return null;
  const quantize = llamaCppTool('llama-quantize');
  if (quantize === null)
    return {
      specification: { name, path: embedded, sizeBytes, sha256, contextTokens },
      label: `${name}, no fast model: that takes llama.cpp's tools`,
    };
  // Where the user that the app runs as can read it.
  const path = join(cacheFolder(), 'bench/fast-q4_0.gguf');
  if (!existsSync(path)) {
    mkdirSync(join(cacheFolder(), 'bench'), { recursive: true, mode: 0o755 });
    const fresh = `${path}.new`;
    execFileSync(quantize, ['--allow-requantize', embedded, fresh, 'Q4_0'], { stdio: 'ignore' });
    renameSync(fresh, path);
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const fast = { name: `${name} as Q4_0`, path, contextTokens };
  return {
    specification: { ...fast, sizeBytes: statSync(path).size, sha256: hash.digest('hex') },
    label: fast.name,
  };
}
