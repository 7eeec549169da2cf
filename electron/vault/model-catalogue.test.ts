import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { defaultModel } from './model-catalogue.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-catalogue-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('finds the default model of the catalogue that stands in this repository', () => {
  const model = defaultModel(join(import.meta.dirname, '../../models/catalogue.json'), '/models');
  expect([model?.id, model?.specification.path]).toEqual([
    'tinyllama-1.1b-chat-iq2_xxs',
    '/models/tinyllama-1.1b-chat-iq2_xxs.gguf',
  ]);
});

it.each([
  ['is missing', null],
  ['is not JSON', 'made up'],
  ['is not a catalogue', '{"version":1}'],
  ['lacks its own default', '{"version":1,"default":"a","models":[]}'],
])('approves no model when the catalogue %s', (_how, text) => {
  const path = join(folder, 'catalogue.json');
  if (text !== null) writeFileSync(path, text);
  expect(defaultModel(path, folder)).toBeNull();
});
