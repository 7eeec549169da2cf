import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  failureFrom,
  setUpFrom,
  signInFrom,
  startPlayedVault,
  valueFrom,
  type PlayedVault,
} from './vault-fixture.ts';

let folder: string;
let played: PlayedVault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-keys-'));
  played = await startPlayedVault(folder, 'launch');
});
afterEach(() => {
  played.vault.stop();
  rmSync(folder, { recursive: true });
});

/** The vault that changed a key ends; main starts the next one with its last word. */
async function restartAsTold(): Promise<readonly string[]> {
  const last = played.posted.at(-1);
  if (last?.kind !== 'session-ended') throw new Error('the session goes on');
  played.vault.stop();
  played = await startPlayedVault(folder, last.because);
  const { notices } = await valueFrom(played.page, 'app.getState', {});
  return notices.map(({ message }) => message);
}

it('a new log key signs from then on, for everybody, and the screen says its fingerprint', async () => {
  const [recovery] = await setUpFrom(played.page);
  await signInFrom(played.page, 'it-admin');
  const before = await valueFrom(played.page, 'log.verify', {});
  await valueFrom(played.page, 'keys.rotateLogKey', {});
  const [notice] = await restartAsTold();

  await signInFrom(played.page, 'it-admin');
  const after = await valueFrom(played.page, 'log.verify', {});
  expect(after).toMatchObject({ consistent: true });
  expect(after.keyFingerprint).not.toBe(before.keyFingerprint);
  expect(notice).toContain(after.keyFingerprint);
  const { rows } = await valueFrom(played.page, 'log.list', {
    patientReference: null,
    before: null,
    limit: 50,
    userId: null,
    type: null,
  });
  const events = rows.map(({ type }) => type);
  expect(events.slice(events.indexOf('log.key-rotated') - 1).slice(0, 2)).toEqual([
    'session.signed-out',
    'log.key-rotated',
  ]);
  expect(await failureFrom(played.page, 'recovery.drill', { identity: recovery ?? '' })).toBe('none');

  // And once more, by the new one.
  await valueFrom(played.page, 'keys.rotateLogKey', {});
  await restartAsTold();
  expect(await signInFrom(played.page, 'clinician')).toMatchObject({ next: 'signed-in' });
});

it('a new key of the record keeps the log key, and the session that made it has an end', async () => {
  await setUpFrom(played.page);
  await signInFrom(played.page, 'it-admin');
  const before = await valueFrom(played.page, 'log.verify', {});
  await valueFrom(played.page, 'keys.rotate', {});
  expect(await restartAsTold()).toEqual([expect.stringContaining('key of the record was changed')]);
  await signInFrom(played.page, 'it-admin');
  const after = await valueFrom(played.page, 'log.verify', {});
  expect(after).toMatchObject({ consistent: true, keyFingerprint: before.keyFingerprint });
  expect(after.treeSize).toBeGreaterThan(before.treeSize);
});

it('only an administrator changes the log key', async () => {
  await setUpFrom(played.page);
  await signInFrom(played.page, 'clinician');
  expect(await failureFrom(played.page, 'keys.rotateLogKey', {})).toBe('not-allowed');
});
