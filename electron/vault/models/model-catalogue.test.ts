import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readCatalogue, type Catalogue } from './model-catalogue.ts';
import { chosenModel, writeChoice } from './model-choice.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-catalogue-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const ofThisRepository = (): Catalogue | null =>
  readCatalogue(join(import.meta.dirname, '../../../models/catalogue.json'));

it('finds the default model of the catalogue that stands in this repository', () => {
  const model = chosenModel(ofThisRepository(), folder, '/models');
  expect([model?.id, model?.specification.path]).toEqual([
    'tinyllama-1.1b-chat-iq2_xxs',
    '/models/tinyllama-1.1b-chat-iq2_xxs.gguf',
  ]);
});

it('another model of the catalogue answers where an administrator chose it, and none that is not in it', () => {
  writeChoice(folder, 'qwen3-8b-q4_k_m');
  expect(chosenModel(ofThisRepository(), folder, '/models')?.id).toBe('qwen3-8b-q4_k_m');
  for (const text of ['{"modelId":"somebody-elses-model"}', '{', '{"modelId":7}']) {
    writeFileSync(join(folder, 'model-choice.json'), text);
    expect(chosenModel(ofThisRepository(), folder, '/models')?.id).toBe('tinyllama-1.1b-chat-iq2_xxs');
  }
});

const entry = {
  id: 'a',
  name: 'A',
  file: 'a.gguf',
  sizeBytes: 1,
  sha256: 'a'.repeat(64),
  contextTokens: 1,
  licence: 'MIT',
  repository: 'a/b',
  use: 'x',
};
const catalogue = (...models: readonly object[]): string =>
  JSON.stringify({ version: 1, default: 'a', models });

it.each([
  ['is missing', null],
  ['is not JSON', 'made up'],
  ['is not a catalogue', '{"version":1}'],
  ['lacks its own default', catalogue()],
  ['has an id twice', catalogue(entry, { ...entry, file: 'b.gguf', sha256: 'b'.repeat(64) })],
  ['has a file twice', catalogue(entry, { ...entry, id: 'b', sha256: 'b'.repeat(64) })],
  ['leads out of the folder', catalogue({ ...entry, file: '../a.gguf' })],
])('approves no model when the catalogue %s', (_how, text) => {
  const path = join(folder, 'catalogue.json');
  if (text !== null) writeFileSync(path, text);
  expect(chosenModel(readCatalogue(path), folder, folder)).toBeNull();
});
