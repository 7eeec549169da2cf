import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReadOnlyDatabase, openWritableDatabase } from '../database/open-database.ts';
import { runVerifier } from '../log/bundle-fixture.ts';
import { codeOf, valueOf } from '../keys/keys-fixture.ts';
import { unlockWithRecoveryKey } from '../keys/installation.ts';
import { readKeyring } from '../keys/keyring-file.ts';
import { createRecoveryIdentity } from '../keys/recovery-key.ts';
import { canonicalBytes } from '../log/canonical-json.ts';
import { systemClock } from '../log/clock.ts';
import { signInFrom, startPlayedVault, valueFrom, type PlayedVault } from '../vault-fixture.ts';
import { createBackupFixture, makeBackup, type BackupFixture } from './backup-fixture.ts';
import { openBackup } from './open-backup.ts';
import { restoreBackup } from './restore-backup.ts';

let fixture: BackupFixture;
beforeAll(async () => {
  fixture = await createBackupFixture();
}, 120_000);
afterAll(() => {
  fixture.dispose();
});

/** A copy of the backup, to be damaged. */
function copied(): string {
  const folder = join(fixture.emptyFolder(), 'backup');
  cpSync(fixture.backup, folder, { recursive: true });
  return folder;
}

function restoreTo(home: string, changed: Partial<Parameters<typeof restoreBackup>[0]> = {}) {
  return restoreBackup({
    folder: fixture.backup,
    identity: fixture.identity,
    dataFolder: join(home, 'data'),
    temporaryFolder: fixture.emptyFolder(),
    appVersion: '0.1.0',
    clock: systemClock(),
    onProgress: () => undefined,
    ...changed,
  });
}

function drill(folder: string, identity = fixture.identity) {
  return openBackup({
    folder,
    identity,
    temporaryFolder: fixture.emptyFolder(),
    onProgress: () => undefined,
  });
}

async function rowsOf(played: PlayedVault, type: 'backup.made' | 'log.continued') {
  const filter = { patientReference: null, before: null, limit: 200, userId: null, type };
  return (await valueFrom(played.page, 'log.list', filter)).rows;
}

describe('a backup', () => {
  it('is three files, opens with a recovery key, and holds the entry of its own making', async () => {
    expect(readdirSync(fixture.backup).toSorted()).toEqual(['cloister.db', 'keyring.json', 'manifest.json']);
    expect(readFileSync(join(fixture.backup, 'cloister.db')).subarray(0, 15).toString('latin1')).not.toBe(
      'SQLite format 3',
    );
    const { database, check, close } = valueOf(await drill(fixture.backup));
    const last = database.prepare<[], { leaf: Buffer }>('SELECT leaf FROM leaves ORDER BY seq DESC').get();
    expect(JSON.parse(last?.leaf.toString() ?? '')).toMatchObject({
      event: 'backup.made',
      seq: check.treeSize - 1,
      data: { treeSize: check.treeSize - 1 },
    });
    close();
    expect(readdirSync(fixture.backup)).toHaveLength(3);
  });

  it('has the members that FORMAT.md lists', () => {
    const format = readFileSync(join(import.meta.dirname, 'FORMAT.md'), 'utf8');
    const listed = [...format.slice(format.indexOf('## manifest.json')).matchAll(/^\| `(\w+)` +\|/gm)];
    const manifest = JSON.parse(readFileSync(join(fixture.backup, 'manifest.json'), 'utf8')) as object;
    expect(listed.map(([, name]) => String(name)).toSorted()).toEqual(Object.keys(manifest).toSorted());
  });

  it('never replaces anything, is not put among our own files, and says so in the record', async () => {
    const home = fixture.emptyFolder();
    cpSync(fixture.folder, home, { recursive: true });
    const played = await startPlayedVault(home, 'launch');
    await signInFrom(played.page, 'it-admin');
    const taken = join(fixture.emptyFolder(), 'taken');
    mkdirSync(taken);
    const refusals = [
      await makeBackup(played, taken),
      await makeBackup(played, join(home, 'data', 'backup')),
      await played.page.ask('backup.make', { fileGrant: randomUUID() }),
      await makeBackup(played, join(home, 'nowhere', 'backup')),
    ];
    expect(refusals.map((refusal) => (refusal.ok ? 'ok' : refusal.error.code))).toEqual(
      Array(4).fill('backup-failed'),
    );
    expect(readdirSync(taken)).toEqual([]);
    const rows = await rowsOf(played, 'backup.made');
    // Each that began is there, and once more as failed. The last row is that of the fixture's own backup.
    expect(rows.map(({ outcome }) => outcome)).toEqual(['failed', 'success', 'failed', 'success', 'success']);
    played.vault.stop();
  });

  it('is for administrators', async () => {
    const home = fixture.emptyFolder();
    cpSync(fixture.folder, home, { recursive: true });
    const played = await startPlayedVault(home, 'launch');
    await signInFrom(played.page, 'clinician');
    const target = join(fixture.emptyFolder(), 'backup');
    expect(await makeBackup(played, target)).toMatchObject({ ok: false, error: { code: 'not-allowed' } });
    expect(existsSync(target)).toBe(false);
    played.vault.stop();
  });
});

describe('AC-21: a restore', () => {
  it('begins a record of its own that says which one it continues; passphrases stay', async () => {
    const home = fixture.emptyFolder();
    const restored = valueOf(await restoreTo(home));
    expect(restored.origin).toMatch(/^cloister\.clinic\.example\/[0-9a-f-]{36}\/1$/);
    expect(restored.oldOrigin).toMatch(/\/0$/);
    const played = await startPlayedVault(home, 'launch');
    expect(await signInFrom(played.page, 'clinician')).toMatchObject({ next: 'signed-in' });
    expect(await valueFrom(played.page, 'log.verify', {})).toMatchObject({ consistent: true, problem: null });
    played.vault.stop();
    const again = await startPlayedVault(home, 'launch');
    await signInFrom(again.page, 'it-admin');
    expect(await rowsOf(again, 'log.continued')).toMatchObject([{ entry: 0, outcome: 'attention' }]);
    again.vault.stop();
  });

  it('AC-23: keeps the record of before closed: nothing is changed, taken away or added', async () => {
    const home = fixture.emptyFolder();
    valueOf(await restoreTo(home));
    const { keyring } = valueOf(readKeyring(join(home, 'data'))) ?? {};
    if (keyring === undefined) throw new Error('no key file');
    const { dek } = valueOf(await unlockWithRecoveryKey({ keyring, identity: fixture.identity }));
    const database = openWritableDatabase(join(home, 'data', 'cloister.db'), dek, { mustExist: true });
    const content = () =>
      ['leaves', 'nodes', 'payloads', 'checkpoints', 'records'].map((table) =>
        database.prepare(`SELECT * FROM earlier_${table}`).all(),
      );
    const before = content();
    expect(before.every((rows) => rows.length > 0)).toBe(true);
    for (const sql of [
      "UPDATE earlier_leaves SET leaf = x'00'",
      'DELETE FROM earlier_leaves',
      "INSERT OR REPLACE INTO earlier_leaves (id, leaf) VALUES (0, x'00')",
      "INSERT INTO earlier_leaves (id, leaf) VALUES (99999, x'00')",
      'UPDATE earlier_nodes SET hash = zeroblob(32)',
      'DELETE FROM earlier_nodes',
      'INSERT INTO earlier_nodes (id, hash) VALUES (99999, zeroblob(32))',
      "UPDATE earlier_payloads SET text = 'other'",
      'DELETE FROM earlier_payloads',
      "INSERT INTO earlier_payloads (id, seq, field, salt, text) VALUES (99999, 1, 'copied', zeroblob(32), 'x')",
      "UPDATE earlier_checkpoints SET note = 'other'",
      'DELETE FROM earlier_checkpoints',
      "INSERT OR REPLACE INTO earlier_checkpoints SELECT epoch, size, 'other', kept FROM earlier_checkpoints",
      'UPDATE earlier_records SET size = 1',
      'DELETE FROM earlier_records',
    ])
      expect(() => {
        database.execute(sql);
      }, sql).toThrow('an earlier record is closed');
    expect(content()).toEqual(before);
    database.close();
  });

  it('gives two computers that restore the same backup two origins and two keys', async () => {
    const [one, two] = [
      valueOf(await restoreTo(fixture.emptyFolder())),
      valueOf(await restoreTo(fixture.emptyFolder())),
    ];
    expect(one.oldOrigin).toBe(two.oldOrigin);
    expect(one.origin).not.toBe(two.origin);
    expect(one.keyFingerprint).not.toBe(two.keyFingerprint);
  });

  it('of a restored record keeps every record before it', async () => {
    const home = fixture.emptyFolder();
    const first = valueOf(await restoreTo(home));
    const played = await startPlayedVault(home, 'launch');
    await signInFrom(played.page, 'it-admin');
    const second = join(fixture.emptyFolder(), 'second');
    expect(await makeBackup(played, second)).toMatchObject({ ok: true });
    played.vault.stop();
    const third = fixture.emptyFolder();
    expect(valueOf(await restoreTo(third, { folder: second }))).toMatchObject({
      oldOrigin: first.origin,
      origin: expect.stringMatching(/\/2$/),
    });
    const last = await startPlayedVault(third, 'launch');
    await signInFrom(last.page, 'it-admin');
    expect(await valueFrom(last.page, 'log.verify', {})).toMatchObject({ consistent: true });
    const bundle = join(fixture.emptyFolder(), 'bundle.zip');
    const fileGrant = randomUUID();
    last.vault.grantFile(fileGrant, bundle, 'audit-bundle');
    await valueFrom(last.page, 'log.export', { clinicalText: 'withheld', fileGrant });
    const { exitCode, out } = runVerifier(bundle);
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/continues[^]*\/0\n[^]*continues[^]*\/1\n/)]);
    last.vault.stop();
  });

  it('is refused where an installation is, and changes nothing of it', async () => {
    const home = fixture.emptyFolder();
    valueOf(await restoreTo(home));
    const before = readFileSync(join(home, 'data', 'keyring.json'));
    expect(codeOf(await restoreTo(home))).toBe('already-set-up');
    expect(readFileSync(join(home, 'data', 'keyring.json')).equals(before)).toBe(true);
  });

  it.each(['verified', 'built', 'keyring-written', 'renamed'] as const)(
    'that dies when it is "%s" leaves nothing half-made',
    async (step) => {
      const home = fixture.emptyFolder();
      const stopped = restoreTo(home, {
        reached: (reached) => {
          if (reached === step) throw new Error('killed');
        },
      });
      await expect(stopped).rejects.toThrow('killed');
      const played = await startPlayedVault(home, 'launch');
      const { phase } = await valueFrom(played.page, 'app.getState', {});
      const isInPlace = step === 'keyring-written' || step === 'renamed';
      expect(phase).toBe(isInPlace ? 'signed-out' : 'first-run');
      if (isInPlace) expect(await signInFrom(played.page, 'clinician')).toMatchObject({ next: 'signed-in' });
      played.vault.stop();
      if (!isInPlace) expect(codeOf(await restoreTo(home))).toBe('ok');
    },
  );
});

describe('a backup that is not right', () => {
  const damages: readonly (readonly [string, (folder: string) => void, string])[] = [
    [
      'cut off',
      (folder) => {
        truncateSync(join(folder, 'cloister.db'), statSync(join(folder, 'cloister.db')).size - 1);
      },
      'in the place of',
    ],
    [
      'with a flipped bit in the record',
      (folder) => flip(folder, 'cloister.db'),
      'cloister.db of this backup is damaged',
    ],
    [
      'with a flipped bit in the key file',
      (folder) => flip(folder, 'keyring.json'),
      'keyring.json of this backup is damaged',
    ],
    ['with a flipped bit in the manifest', (folder) => flip(folder, 'manifest.json'), 'manifest'],
    [
      'with a manifest that somebody wrote anew',
      (folder) => {
        changeManifest(folder, { treeSize: 3 });
      },
      'was changed, or belongs to another installation',
    ],
    [
      'of a newer Cloister',
      (folder) => {
        changeManifest(folder, { format: 'cloister-backup/2' });
      },
      'newer Cloister',
    ],
    [
      'that was not finished',
      (folder) => {
        rmSync(join(folder, 'manifest.json'));
      },
      'no complete backup',
    ],
    [
      'with a write-ahead log beside it',
      (folder) => {
        writeFileSync(join(folder, 'cloister.db-wal'), 'x');
      },
      'something else',
    ],
  ];

  it.each(damages)('%s is refused in one sentence, and nothing is installed', async (_, damage, words) => {
    const folder = copied();
    damage(folder);
    const home = fixture.emptyFolder();
    const refused = await restoreTo(home, { folder });
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'backup-unusable', message: expect.stringContaining(words) },
    });
    expect(readdirSync(join(home, 'data'))).toEqual([]);
  });

  it('is not opened by another recovery key, and says so', async () => {
    const { identity } = await createRecoveryIdentity();
    expect(codeOf(await drill(fixture.backup, identity))).toBe('recovery-wrong-key');
  });

  it('with the record of another installation is refused, though each file is whole', async () => {
    const other = await createBackupFixture();
    const folder = copied();
    cpSync(join(other.backup, 'cloister.db'), join(folder, 'cloister.db'));
    other.dispose();
    expect(await drill(folder)).toMatchObject({ ok: false, error: { code: 'backup-unusable' } });
  });

  function flip(folder: string, name: string): void {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    // In the manifest a place that no other file is measured by.
    const at = name === 'manifest.json' ? 2 : Math.floor(bytes.byteLength / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(path, bytes);
  }
  function changeManifest(folder: string, changes: Record<string, string | number>): void {
    const path = join(folder, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    writeFileSync(path, Buffer.concat([canonicalBytes({ ...manifest, ...changes }), Buffer.from('\n')]));
  }
});

it('has keys that open the backup for ever, and the restored record never', async () => {
  const home = fixture.emptyFolder();
  valueOf(await restoreTo(home));
  const { keys, close } = valueOf(await drill(fixture.backup));
  close();
  // The old key opens the backup for ever, and the restored record never.
  openReadOnlyDatabase(join(fixture.backup, 'cloister.db'), keys.dek).close();
  expect(() => openReadOnlyDatabase(join(home, 'data', 'cloister.db'), keys.dek)).toThrow();
});
