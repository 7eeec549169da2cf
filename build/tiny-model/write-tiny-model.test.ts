import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyModel } from './write-tiny-model.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-tiny-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the same options give the same bytes, another seed gives others', () => {
  const first = writeTinyModel(join(folder, 'a.gguf'));
  const again = writeTinyModel(join(folder, 'b.gguf'));
  const other = writeTinyModel(join(folder, 'c.gguf'), { seed: 7 });
  expect({ again, differs: other.sha256 !== first.sha256, size: other.sizeBytes }).toEqual({
    again: first,
    differs: true,
    size: first.sizeBytes,
  });
});

test('the default model is a GGUF version 3 file of a few megabytes', () => {
  const path = join(folder, 'd.gguf');
  const { sizeBytes } = writeTinyModel(path);
  const head = readFileSync(path).subarray(0, 8);
  expect(head).toEqual(Buffer.from([0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0]));
  expect(sizeBytes).toBeLessThan(10_000_000);
});

test('the command line writes the model and a catalogue that describes exactly that file', () => {
  const model = join(folder, 'e.gguf');
  const catalogue = join(folder, 'catalogue.json');
  execFileSync(process.execPath, [
    join(import.meta.dirname, 'write-tiny-model.ts'),
    model,
    catalogue,
    '--context',
    '512',
  ]);
  expect(JSON.parse(readFileSync(catalogue, 'utf8'))).toMatchObject({
    version: 1,
    default: 'tiny-test-model',
    models: [
      {
        id: 'tiny-test-model',
        file: 'e.gguf',
        sizeBytes: statSync(model).size,
        sha256: createHash('sha256').update(readFileSync(model)).digest('hex'),
        contextTokens: 512,
      },
    ],
  });
});

test('a script that uses a byte twice is refused, because the model could not follow it', () => {
  expect(() =>
    writeTinyModel(join(folder, 'f.gguf'), { script: { text: 'aba', afterwards: 'end' } }),
  ).toThrow('A script may use each byte only once');
});
