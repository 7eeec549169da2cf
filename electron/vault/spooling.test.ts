import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runVerifier } from './log/bundle-fixture.ts';
import {
  setUpFrom,
  signInFrom,
  startPlayedVault,
  valueFrom,
  writePolicyTo,
  type PlayedVault,
} from './vault-fixture.ts';

/** What IT's agents find, of the real vault: only the page and the model are played. */
let folder: string;
let spool: string;
let played: PlayedVault;
let identity: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-spooling-'));
  spool = mkdtempSync(join(tmpdir(), 'cloister-spool-'));
  identity = await generateX25519Identity();
  const other = await identityToRecipient(await generateX25519Identity());
  played = await startPlayedVault(folder, 'launch');
  await setUpFrom(played.page);
  writePolicyTo(folder, {
    spoolFolder: spool,
    spoolRecipients: `${other},${await identityToRecipient(identity)}`,
  });
  await restart();
});
afterEach(() => {
  played.vault.stop();
  rmSync(folder, { recursive: true });
  rmSync(spool, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  played.vault.stop();
  played = await startPlayedVault(folder, 'launch');
}
const spooled = (ending: string): readonly string[] =>
  readdirSync(spool)
    .filter((name) => name.endsWith(ending))
    .toSorted();
async function soon(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, 120_000);
}
/** Entries of all lines, as often as they come. */
const entries = (): readonly number[] =>
  spooled('.log').flatMap((name) =>
    [...readFileSync(join(spool, name), 'utf8').matchAll(/ entry="(\d+)"/g)].map(([, entry]) =>
      Number(entry),
    ),
  );

it('puts the entries there at sign-in and at the end of a session, for its recipients only and without text', async () => {
  await signInFrom(played.page, 'clinician');
  await soon(() => {
    expect([spooled('.log').length, spooled('.zip.age').length]).toEqual([1, 1]);
  });
  await valueFrom(played.page, 'chat.sendPrompt', {
    patientReference: 'SYN-1',
    taskId: 'soap-note',
    sourceText: 'A made-up SPOOLCANARY visit.',
    question: '',
    regenerates: null,
  });
  await valueFrom(played.page, 'session.lock', {});
  await soon(() => {
    expect([spooled('.log').length, spooled('.zip.age').length]).toEqual([2, 2]);
  });
  expect(readdirSync(spool).filter((name) => name.startsWith('.'))).toEqual([]);

  // Every entry, the lock included, in order; some twice at most.
  const found = entries();
  expect(new Set(found).size).toBe(Math.max(...found) + 1);
  const lines = spooled('.log').map((name) => readFileSync(join(spool, name), 'utf8'));
  expect(lines.join('')).toContain(' cloister - session.locked ');
  for (const name of readdirSync(spool))
    expect(readFileSync(join(spool, name)).includes('SPOOLCANARY')).toBe(false);

  const { exitCode, out } = runVerifier(await decrypted(spooled('.zip.age').at(-1) ?? ''));
  expect(exitCode).toBe(0);
  expect(out).toMatch(/EXTRACT +\d+ of \d+ entries: entries \d+ to \d+/);
  expect(out).toContain('text         withheld');
});

async function decrypted(name: string): Promise<string> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const path = join(folder, `${name}.zip`);
  writeFileSync(path, await decrypter.decrypt(readFileSync(join(spool, name))));
  return path;
}

it('puts them there every hour, and at a quit', async () => {
  await signInFrom(played.page, 'clinician');
  await soon(() => {
    expect(spooled('.zip.age')).toHaveLength(1);
  });
  await valueFrom(played.page, 'log.verify', {});
  await soon(() => {
    played.pass(3_600_000);
    expect(spooled('.zip.age')).toHaveLength(2);
  });
  await valueFrom(played.page, 'log.verify', {});
  await new Promise<void>((resolve) => {
    played.vault.stop(resolve);
  });
  expect(spooled('.zip.age')).toHaveLength(3);
  // Each proves that it continues the record of the one before.
  let before: string | null = null;
  for (const name of spooled('.zip.age')) {
    const opened = await decrypted(name);
    if (before !== null) expect(runVerifier(opened, '--checkpoint', before).exitCode).toBe(0);
    before = `${opened}.checkpoint`;
    writeFileSync(before, execFileSync('unzip', ['-p', opened, 'log/checkpoint']));
  }
  const found = entries();
  expect(new Set(found).size).toBe(Math.max(...found) + 1);
});

it('goes on where it was, and says that nothing could be put there', async () => {
  await signInFrom(played.page, 'clinician');
  // Not only written, but recorded too: the file ends before the entry that tells of it.
  await soon(async () => {
    const { logSize } = await valueFrom(played.page, 'app.getState', {});
    expect(spooled('.log')).toHaveLength(1);
    expect(logSize).toBeGreaterThan(Math.max(...entries()) + 1);
  });
  await valueFrom(played.page, 'session.signOut', {});
  await soon(() => {
    expect(spooled('.log')).toHaveLength(2);
  });
  rmSync(spool, { recursive: true });
  await restart();
  await signInFrom(played.page, 'it-admin');
  await soon(() => {
    expect(JSON.stringify(played.page.events.filter(({ event }) => event === 'notice'))).toContain(
      'spoolFolder',
    );
  });
  const filter = { before: null, limit: 100, userId: null, patientReference: null };
  const failed = await valueFrom(played.page, 'log.list', { ...filter, type: 'log.spool-failed' });
  expect(failed.rows).toHaveLength(1);
  const done = await valueFrom(played.page, 'log.list', { ...filter, type: 'log.spooled' });
  expect(done.rows).toHaveLength(1);
});
