import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  currentUser,
  domain,
  foreignSeed,
  noteOf,
  organisationKey,
  organisationSeed,
  policyFolder,
  type Files,
} from '../policy/policy-fixture.ts';
import { approvedModels, approvedModelsFile } from './approved-models.ts';
import { signApprovedModels } from './sign-approved-models.ts';

const model = {
  id: 'own-model',
  name: 'Own model',
  file: 'own.gguf',
  sizeBytes: 10,
  sha256: 'c'.repeat(64),
  contextTokens: 4096,
  licence: 'MIT',
  repository: 'own/model',
  use: 'this clinic',
};
const list = {
  format: 'cloister-approved-models/1',
  organisation: domain,
  issuedAt: '2026-11-29T00:00:00Z',
  default: 'own-model',
  models: [model],
};
const catalogue = join(import.meta.dirname, '../../../models/catalogue.json');

function approvedIn(files: Files, pinnedKey: string | null = null) {
  const folder = policyFolder(files);
  const location = { folder, platform: process.platform, trustedOwners: [currentUser] };
  const { by, catalogue: found, problem } = approvedModels(catalogue, location, pinnedKey);
  return { by, ids: found?.models.map(({ id }) => id) ?? null, problem: problem?.code ?? null };
}
const none = { by: 'organisation', ids: null, problem: 'model-not-approved' };
const key = { 'organisation.vkey': `${organisationKey}\n` };

describe('AC-36 the approved models', () => {
  it('are those of the catalogue where the organisation has no list', () => {
    const found = approvedIn(key);
    expect([found.by, found.problem, found.ids?.includes('tinyllama-1.1b-chat-iq2_xxs')]).toEqual([
      'app',
      null,
      true,
    ]);
  });

  it('are those of the signed list and no other', () => {
    const files = { [approvedModelsFile]: noteOf(list) };
    const own = { by: 'organisation', ids: ['own-model'], problem: null };
    expect(approvedIn({ ...files, ...key })).toEqual(own);
    // An enrolled computer has the key.
    expect(approvedIn(files, organisationKey)).toEqual(own);
  });

  it.each<[string, Files, string | null]>([
    ['without a key to check it', { [approvedModelsFile]: noteOf(list) }, null],
    ['signed by somebody else', { [approvedModelsFile]: noteOf(list, domain, foreignSeed), ...key }, null],
    [
      'signed by somebody else, with the key to it beside it',
      { [approvedModelsFile]: noteOf(list, domain, foreignSeed) },
      organisationKey,
    ],
    [
      'changed after it was signed',
      { [approvedModelsFile]: noteOf(list).replace('own.gguf', 'oth.gguf'), ...key },
      null,
    ],
    [
      'of another organisation',
      { [approvedModelsFile]: noteOf({ ...list, organisation: 'other.example' }), ...key },
      null,
    ],
    ['whose default is not in it', { [approvedModelsFile]: noteOf({ ...list, default: 'x' }), ...key }, null],
    ['that has a member more', { [approvedModelsFile]: noteOf({ ...list, more: 1 }), ...key }, null],
    ['of a later format', { [approvedModelsFile]: noteOf({ ...list, format: 'x/2' }), ...key }, null],
    ['that is not text', { [approvedModelsFile]: Buffer.from([0xff, 0xfe, 0]), ...key }, null],
    ['that is empty', { [approvedModelsFile]: '', ...key }, null],
  ])('are none with a list %s', (_, files, pinned) => {
    expect(approvedIn(files, pinned)).toEqual(none);
  });

  it.skipIf(process.platform === 'win32')('are none with a list that everybody may change', () => {
    const folder = policyFolder({ ...key });
    writeFileSync(join(folder, approvedModelsFile), noteOf(list));
    chmodSync(join(folder, approvedModelsFile), 0o666);
    const location = { folder, platform: process.platform, trustedOwners: [currentUser] };
    expect(approvedModels(catalogue, location, null).problem?.code).toBe('model-not-approved');
  });
});

it('a list that no computer would take is not signed, and why is said', () => {
  const sign = (change: object) => {
    const signed = signApprovedModels(JSON.stringify({ ...list, ...change }), domain, organisationSeed);
    return signed.ok ? signed.value.models : signed.error.message;
  };
  expect(sign({})).toBe(1);
  expect(sign({ default: 'x' })).toMatch(/its default is none of its models/);
  expect(sign({ models: [model, model] })).toMatch(/stands twice/);
  expect(sign({ models: [{ ...model, sha256: 'C'.repeat(64) }] })).toMatch(/"models\.0\.sha256"/);
  expect(sign({ organisation: 'other.example' })).toMatch(/another organisation/);
});
