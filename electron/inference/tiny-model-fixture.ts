import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { ModelSpecification } from '../links/model-port.ts';

const generator = resolve(import.meta.dirname, '../../build/tiny-model/write-tiny-model.ts');
const catalogueSchema = z.object({
  models: z.tuple([
    z.object({ name: z.string(), sizeBytes: z.int(), sha256: z.string(), contextTokens: z.int() }),
  ]),
});

export type TinyModel = {
  readonly specification: ModelSpecification;
  readonly folder: string;
  remove(): void;
};

/** Makes a model for a test with the generator's own command line, in a folder of its own. */
export function makeTinyModel(...options: string[]): TinyModel {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-model-'));
  const path = join(folder, 'tiny.gguf');
  const catalogue = join(folder, 'catalogue.json');
  execFileSync(process.execPath, [generator, path, catalogue, ...options]);
  const [entry] = catalogueSchema.parse(JSON.parse(readFileSync(catalogue, 'utf8'))).models;
  return {
    specification: { ...entry, path },
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
