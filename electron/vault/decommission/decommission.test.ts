import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createBackupFixture, type BackupFixture } from '../backup/backup-fixture.ts';
import { openBackup } from '../backup/open-backup.ts';
import { valueOf } from '../keys/keys-fixture.ts';
import { readKeyring } from '../keys/keyring-file.ts';
import { parseCheckpoint } from '../log/checkpoint.ts';
import { openNote } from '../log/signed-note.ts';
import {
  administratorPassphrase,
  failureFrom,
  signInFrom,
  startPlayedVault,
  valueFrom,
  type PlayedVault,
} from '../vault-fixture.ts';
import { certificateFile } from './certificate.ts';

let fixture: BackupFixture;
let home: string;
let data: string;
let played: PlayedVault;
beforeAll(async () => {
  fixture = await createBackupFixture();
}, 120_000);
afterAll(() => {
  fixture.dispose();
});
beforeEach(async () => {
  home = fixture.emptyFolder();
  cpSync(fixture.folder, home, { recursive: true });
  data = join(home, 'data');
  played = await startPlayedVault(home, 'launch');
  await signInFrom(played.page, 'it-admin');
  return () => {
    played.vault.stop();
  };
});

function retirement(path: string, passphrase = administratorPassphrase) {
  const fileGrant = randomUUID();
  played.vault.grantFile(fileGrant, path, 'backup');
  return { passphrase, fileGrant };
}

async function retirementsRecorded(): Promise<readonly string[]> {
  const filter = { patientReference: null, before: null, limit: 20, userId: null };
  const { rows } = await valueFrom(played.page, 'log.list', {
    ...filter,
    type: 'installation.decommissioned',
  });
  return rows.map(({ outcome }) => outcome);
}

/** OpenSSH's own opinion of the certificate, with the line that stands in it. */
function sshKeygenAccepts(folder: string): boolean {
  const words = '-Y verify -f allowed_signers -I cloister-log -n cloister-audit-bundle';
  return (
    spawnSync('ssh-keygen', [...words.split(' '), '-s', `${certificateFile}.sig`], {
      cwd: folder,
      input: readFileSync(join(folder, certificateFile)),
    }).status === 0
  );
}

it('AC-14: keeps the record in a backup with a signed certificate, and leaves no key on this computer', async () => {
  const sealed = valueOf(readKeyring(data))?.keyring;
  const keep = join(fixture.emptyFolder(), 'kept');
  await valueFrom(played.page, 'installation.decommission', retirement(keep));

  expect(played.posted.at(-1)).toMatchObject({ kind: 'session-ended', because: 'decommissioned' });
  // What was measured of the machine and the model.
  const measured = ['engine-graphics.json', 'engine-threads.json'];
  expect(readdirSync(data).filter((name) => !measured.includes(name))).toEqual([]);
  for (const name of readdirSync(data))
    expect(readFileSync(join(data, name), 'utf8')).not.toContain(sealed?.mac);
  played = await startPlayedVault(home, 'decommissioned');
  const state = await valueFrom(played.page, 'app.getState', {});
  expect(state.phase).toBe('first-run');
  expect(state.notices.map(({ message }) => message).join()).toMatch(/^This computer was retired/);

  expect(sshKeygenAccepts(keep)).toBe(true);
  const certificate = readFileSync(join(keep, certificateFile), 'utf8');
  expect(certificate).toContain(sealed?.installationId);
  expect(certificate).toContain('4 sealed copies (2 of accounts, 2 of recovery keys)');
  const note = certificate.slice(certificate.lastIndexOf('tlog-checkpoint):\n\n') + 19);
  const opened = openNote(note, sealed?.log.verifierKey ?? '');
  const checkpoint = opened.ok ? parseCheckpoint(opened.value) : opened;

  const { database, check, close } = valueOf(
    await openBackup({
      folder: join(keep, 'backup'),
      identity: fixture.identity,
      temporaryFolder: fixture.emptyFolder(),
      onProgress: () => undefined,
    }),
  );
  expect(check).toMatchObject({
    consistent: true,
    treeSize: checkpoint.ok ? checkpoint.value.size : 'no checkpoint',
  });
  const last = database
    .prepare<[], { leaf: Buffer }>('SELECT leaf FROM leaves ORDER BY seq DESC LIMIT 2')
    .all()
    .map(({ leaf }): unknown => JSON.parse(leaf.toString()));
  expect(last).toMatchObject([{ event: 'backup.made' }, { event: 'installation.decommissioned' }]);
  close();
});

it('a certificate with another byte is refused by ssh-keygen', async () => {
  const keep = join(fixture.emptyFolder(), 'kept');
  await valueFrom(played.page, 'installation.decommission', retirement(keep));
  const path = join(keep, certificateFile);
  writeFileSync(path, readFileSync(path, 'utf8').replace('of recovery keys', 'of recovery Keys'));
  expect(sshKeygenAccepts(keep)).toBe(false);
});

it('a wrong passphrase changes nothing and is not recorded as a retirement', async () => {
  const before = readFileSync(join(data, 'keyring.json'));
  const given = retirement(join(fixture.emptyFolder(), 'kept'), 'not the passphrase of anybody');
  expect(await failureFrom(played.page, 'installation.decommission', given)).toBe('wrong-passphrase');
  expect(readFileSync(join(data, 'keyring.json')).equals(before)).toBe(true);
  expect(await retirementsRecorded()).toEqual([]);
});

it('without its backup nothing is destroyed, the record says so, and the session goes on', async () => {
  const taken = join(fixture.emptyFolder(), 'taken');
  mkdirSync(taken);
  const before = readFileSync(join(data, 'keyring.json'));
  expect(await failureFrom(played.page, 'installation.decommission', retirement(taken))).toBe(
    'backup-failed',
  );
  expect(readdirSync(taken)).toEqual([]);
  expect(readFileSync(join(data, 'keyring.json')).equals(before)).toBe(true);
  expect(await retirementsRecorded()).toEqual(['failed', 'success']);
});

it('nothing is destroyed where the session was locked while the backup was made', async () => {
  const keep = join(fixture.emptyFolder(), 'kept');
  const before = readFileSync(join(data, 'keyring.json'));
  const asked = played.page.ask('installation.decommission', retirement(keep));
  const begun = () => readdirSync(join(keep, '..')).length;
  await expect.poll(begun, { timeout: 20_000, interval: 1 }).toBeGreaterThan(0);
  played.vault.lock('suspend');
  const answer = await asked;
  expect(answer.ok).toBe(false);
  expect(readFileSync(join(data, 'keyring.json')).equals(before)).toBe(true);
  expect(readdirSync(data)).toContain('cloister.db');
});
