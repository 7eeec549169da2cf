import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  acceptsSeveralProposals,
  mendAcceptance,
  mendedFile,
  mendedFileSha256,
} from './mended-acceptance.ts';
import { importNodeLlamaCpp } from './node-llama-cpp.ts';
import { makeTinyModel, type TinyModel } from './tiny-model-fixture.ts';

const library = resolve(import.meta.dirname, '../../node_modules/node-llama-cpp/dist');
const alphabet = 'abcdefghijklmnop';
const source = readFileSync(join(library, mendedFile), 'utf8');

let model: TinyModel;
beforeAll(() => {
  model = makeTinyModel('--layers', '1', '--script', alphabet, '--afterwards', 'end');
});
afterAll(() => model.remove());

/** In a process of its own: modules are loaded once. */
function proposeAll(of: 'mended' | 'as-it-comes'): unknown {
  const script = join(import.meta.dirname, 'proposals-fixture.ts');
  const { path } = model.specification;
  const answer = execFileSync(process.execPath, [script, path, of], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    encoding: 'utf8',
  });
  return JSON.parse(answer);
}

test('the library still is the one that the mend was tried on: with another, lookup is off until somebody looks', () => {
  expect(createHash('sha256').update(source).digest('hex')).toBe(mendedFileSha256);
});

test('any other text of the file is left alone', () => {
  expect(mendAcceptance(`${source}\n`)).toBeNull();
});

test('the library as it comes keeps one proposal a batch: when this fails, it is mended and ours can go', () => {
  expect(proposeAll('as-it-comes')).toEqual({ plain: alphabet, text: alphabet, kept: 8, batches: 9 });
});

test('mended, all proposals that are right are kept', async () => {
  expect(acceptsSeveralProposals(await importNodeLlamaCpp())).toBe(true);
  expect(proposeAll('mended')).toEqual({ plain: alphabet, text: alphabet, kept: 16, batches: 1 });
});
