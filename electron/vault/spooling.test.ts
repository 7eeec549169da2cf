import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { beforeEach, expect, it, vi } from 'vitest';
import { runVerifier } from './log/bundle-fixture.ts';
import { writePolicyTo } from './vault-fixture.ts';
import { useVaultHome } from './vault-home-fixture.ts';

/** What IT's agents find, of the real vault: only the page and the model are played. */
const home = useVaultHome();
let spool: string;
let identity: string;

beforeEach(async () => {
  spool = join(home.folder, 'spool');
  mkdirSync(spool);
  identity = await generateX25519Identity();
  const other = await identityToRecipient(await generateX25519Identity());
  await home.setUp();
  writePolicyTo(home.folder, {
    spoolFolder: spool,
    spoolRecipients: `${other},${await identityToRecipient(identity)}`,
  });
  await home.restart();
});

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
  await home.signIn('clinician');
  await soon(() => {
    expect([spooled('.log').length, spooled('.zip.age').length]).toEqual([1, 1]);
  });
  await home.value('chat.sendPrompt', {
    patientReference: 'SYN-1',
    taskId: 'soap-note',
    sourceText: 'A made-up SPOOLCANARY visit.',
    question: '',
    regenerates: null,
  });
  await home.value('session.lock', {});
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
  const path = join(home.folder, `${name}.zip`);
  writeFileSync(path, await decrypter.decrypt(readFileSync(join(spool, name))));
  return path;
}

it('puts them there every hour, and at a quit', async () => {
  await home.signIn('clinician');
  await soon(() => {
    expect(spooled('.zip.age')).toHaveLength(1);
  });
  await home.value('log.verify', {});
  await soon(() => {
    home.pass(3_600_000);
    expect(spooled('.zip.age')).toHaveLength(2);
  });
  await home.value('log.verify', {});
  await new Promise<void>((resolve) => {
    home.vault.stop(resolve);
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
  await home.signIn('clinician');
  // Not only written, but recorded too: the file ends before the entry that tells of it.
  await soon(async () => {
    const { logSize } = await home.value('app.getState', {});
    expect(spooled('.log')).toHaveLength(1);
    expect(logSize).toBeGreaterThan(Math.max(...entries()) + 1);
  });
  await home.value('session.signOut', {});
  await soon(() => {
    expect(spooled('.log')).toHaveLength(2);
  });
  rmSync(spool, { recursive: true });
  await home.restart();
  await home.signIn('it-admin');
  await soon(() => {
    expect(JSON.stringify(home.page.events.filter(({ event }) => event === 'notice'))).toContain(
      'spoolFolder',
    );
  });
  const filter = { before: null, limit: 100, userId: null, patientReference: null };
  const failed = await home.value('log.list', { ...filter, type: 'log.spool-failed' });
  expect(failed.rows).toHaveLength(1);
  const done = await home.value('log.list', { ...filter, type: 'log.spooled' });
  expect(done.rows).toHaveLength(1);
});
