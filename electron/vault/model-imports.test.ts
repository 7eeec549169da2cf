import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ModelImport } from '../shared/library-contract.ts';
import {
  failureFrom,
  newestLeaf,
  setUpFrom,
  signInFrom,
  startPlayedVault,
  valueFrom,
  type PlayedVault,
} from './vault-fixture.ts';

/** The whole vault with its worker, and real files on a drive that is a folder. */

const root = mkdtempSync(join(tmpdir(), 'cloister-imports-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** More than one chunk of the copy, and no whole number of them. */
const model = randomBytes(9_000_001);
const sha256 = createHash('sha256').update(model).digest('hex');

const setUp = mkdtempSync(join(root, 'set-up-'));
beforeAll(async () => {
  const { page, vault } = await startPlayedVault(setUp, 'launch');
  await setUpFrom(page);
  vault.stop();
});

let folder: string;
let drive: string;
let played: PlayedVault;
beforeEach(async () => {
  folder = mkdtempSync(join(root, 'home-'));
  drive = join(root, 'drive of Dr. Ängström');
  mkdirSync(drive, { recursive: true });
  cpSync(setUp, folder, { recursive: true });
  const entry = {
    id: 'test-model',
    name: 'Test model',
    file: 'test.gguf',
    sizeBytes: model.length,
    sha256,
    contextTokens: 2048,
    licence: 'Apache-2.0',
    repository: 'nowhere',
    use: 'tests',
  };
  const twin = { ...entry, id: 'twin', file: 'twin.gguf', sha256: 'ab'.repeat(32) };
  writeFileSync(
    join(folder, 'catalogue.json'),
    // Of the same length, and first: only the bytes tell them apart.
    JSON.stringify({ version: 1, default: 'test-model', models: [twin, entry] }),
  );
  played = await startPlayedVault(folder, 'launch');
  await signInFrom(played.page, 'it-admin');
});
afterEach(() => {
  played.vault.stop();
  rmSync(drive, { recursive: true });
});

const patience = { timeout: 60_000 };

function onDrive(name: string, bytes: Uint8Array): string {
  writeFileSync(join(drive, name), bytes);
  return join(drive, name);
}
function importFrom(path: string): Promise<string> {
  const fileGrant = randomUUID();
  played.vault.grantFile(fileGrant, path, 'model-file');
  return failureFrom(played.page, 'models.import', { fileGrant });
}
async function lastImport(): Promise<ModelImport> {
  return (await valueFrom(played.page, 'models.library', {})).import;
}
async function ended(): Promise<ModelImport> {
  await expect.poll(async () => (await lastImport()).fraction, patience).toBeNull();
  return lastImport();
}
async function recorded(): Promise<readonly unknown[]> {
  const filter = {
    before: null,
    limit: 50,
    userId: null,
    type: 'model.imported',
    patientReference: null,
  } as const;
  const { rows } = await valueFrom(played.page, 'log.list', filter);
  return rows.map(({ outcome }) => outcome);
}
const models = (): readonly string[] => readdirSync(folder).filter((name) => /gguf|part/.test(name));

it('is added under the name of the catalogue, whatever its own is, and recorded', async () => {
  expect(await importFrom(onDrive('Modell für Übung.bin', model))).toBe('none');
  expect(await ended()).toEqual({ fraction: null, added: 'Test model', problem: null });
  expect(models()).toEqual(['test.gguf']);
  expect(readFileSync(join(folder, 'test.gguf')).equals(model)).toBe(true);
  expect(await recorded()).toEqual(['success']);
  const { models: listed } = await valueFrom(played.page, 'models.library', {});
  expect(listed.map(({ modelId, isInstalled, isInUse }) => [modelId, isInstalled, isInUse])).toEqual([
    ['twin', false, false],
    ['test-model', true, true],
  ]);
  const fractions = played.page.events.flatMap((event) =>
    event.event === 'model.import' ? [event.library.import.fraction ?? 1] : [],
  );
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(fractions.length).toBeGreaterThan(3);
});

it('replaces a file that has the length and not the bytes', async () => {
  writeFileSync(join(folder, 'test.gguf'), Buffer.alloc(model.length));
  await importFrom(onDrive('again.gguf', model));
  expect((await ended()).added).toBe('Test model');
  expect(readFileSync(join(folder, 'test.gguf')).equals(model)).toBe(true);
});

it.each([
  ['one bit of it is another', () => Buffer.from(model).fill((model[5000] ?? 0) ^ 1, 5000, 5001)],
  ['it is cut', () => model.subarray(0, -1)],
  ['it goes on', () => Buffer.concat([model, Buffer.of(0)])],
  ['it is empty', () => Buffer.alloc(0)],
  ['it is a text', () => Buffer.from('not a model')],
])('is refused, recorded, and leaves nothing where %s', async (_what, bytes) => {
  expect(await importFrom(onDrive('model.gguf', bytes()))).toBe('none');
  expect((await ended()).problem?.code).toBe('model-wrong-hash');
  expect(models()).toEqual([]);
  expect(await recorded()).toEqual(['refused']);
});

it('is refused where there is no file, a folder, or no grant', async () => {
  expect(await importFrom(join(drive, 'gone.gguf'))).toBe('file-unreadable');
  expect(await importFrom(drive)).toBe('file-unreadable');
  expect(await failureFrom(played.page, 'models.import', { fileGrant: randomUUID() })).toBe('invalid-input');
  const save = randomUUID();
  played.vault.grantFile(save, onDrive('model.gguf', model), 'backup');
  expect(await failureFrom(played.page, 'models.import', { fileGrant: save })).toBe('invalid-input');
  expect(models()).toEqual([]);
});

it('leaves nothing when it is stopped, and another one can begin', async () => {
  const path = onDrive('model.gguf', model);
  await importFrom(path);
  expect(await importFrom(path)).toBe('invalid-input');
  await valueFrom(played.page, 'models.stopImport', {});
  expect((await lastImport()).problem?.code).toBe('cancelled');
  await importFrom(path);
  expect((await ended()).added).toBe('Test model');
  expect(models()).toEqual(['test.gguf']);
});

it('of a run that was ended in the middle leaves nothing behind the next start', async () => {
  played.vault.stop();
  const part = join(folder, `import-${randomUUID()}.part`);
  writeFileSync(part, model.subarray(0, 1000));
  played = await startPlayedVault(folder, 'launch');
  expect(existsSync(part)).toBe(false);
});

it('another model is chosen for the next sign-in; the one that answers stays, and what is not used is deleted', async () => {
  await importFrom(onDrive('a.gguf', model));
  await ended();
  const ask = (name: 'models.choose' | 'models.remove', modelId: string) =>
    failureFrom(played.page, name, { modelId });
  expect(await ask('models.choose', 'twin')).toBe('model-missing');
  expect(await ask('models.remove', 'test-model')).toBe('invalid-input');
  writeFileSync(join(folder, 'twin.gguf'), model);
  expect(await ask('models.choose', 'twin')).toBe('none');
  const listed = async () =>
    (await valueFrom(played.page, 'models.library', {})).models.map(
      ({ modelId, isInstalled, isInUse, isNext }) => [modelId, isInstalled, isInUse, isNext],
    );
  expect(await listed()).toEqual([
    ['twin', true, false, true],
    ['test-model', true, true, false],
  ]);
  expect(await ask('models.remove', 'twin')).toBe('invalid-input');
  expect(await ask('models.choose', 'test-model')).toBe('none');
  expect(await ask('models.remove', 'twin')).toBe('none');
  expect(models()).toEqual(['test.gguf']);
  expect(await ask('models.remove', 'twin')).toBe('model-missing');
  const actor = { id: expect.any(String), role: 'it-admin' };
  const chosen = { actor, outcome: 'success', data: { modelId: 'test-model' } };
  expect(await newestLeaf(played.page, 'model.chosen')).toMatchObject(chosen);
  const removed = { actor, outcome: 'success', data: { modelId: 'twin' } };
  expect(await newestLeaf(played.page, 'model.removed')).toMatchObject(removed);
});
