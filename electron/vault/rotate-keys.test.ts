import { expect, it } from 'vitest';
import { useVaultHome } from './vault-home-fixture.ts';

const home = useVaultHome();

/** The vault that changed a key ends; main starts the next one with its last word. */
async function restartAsTold(): Promise<readonly string[]> {
  const last = home.posted.at(-1);
  if (last?.kind !== 'session-ended') throw new Error('the session goes on');
  await home.restart(last.because);
  const { notices } = await home.value('app.getState', {});
  return notices.map(({ message }) => message);
}

it('a new log key signs from then on, for everybody, and the screen says its fingerprint', async () => {
  const [recovery] = await home.setUp();
  await home.signIn('it-admin');
  const before = await home.value('log.verify', {});
  await home.value('keys.rotateLogKey', {});
  const [notice] = await restartAsTold();

  await home.signIn('it-admin');
  const after = await home.value('log.verify', {});
  expect(after).toMatchObject({ consistent: true });
  expect(after.keyFingerprint).not.toBe(before.keyFingerprint);
  expect(notice).toContain(after.keyFingerprint);
  const { rows } = await home.value('log.list', {
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
  expect(await home.failure('recovery.drill', { identity: recovery ?? '' })).toBe('none');

  // And once more, by the new one.
  await home.value('keys.rotateLogKey', {});
  await restartAsTold();
  expect(await home.signIn('clinician')).toMatchObject({ next: 'signed-in' });
});

it('a new key of the record keeps the log key, and the session that made it has an end', async () => {
  await home.setUp();
  await home.signIn('it-admin');
  const before = await home.value('log.verify', {});
  await home.value('keys.rotate', {});
  expect(await restartAsTold()).toEqual([expect.stringContaining('key of the record was changed')]);
  await home.signIn('it-admin');
  const after = await home.value('log.verify', {});
  expect(after).toMatchObject({ consistent: true, keyFingerprint: before.keyFingerprint });
  expect(after.treeSize).toBeGreaterThan(before.treeSize);
});

it('only an administrator changes the log key', async () => {
  await home.setUp();
  await home.signIn('clinician');
  expect(await home.failure('keys.rotateLogKey', {})).toBe('not-allowed');
});
