import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBackupFixture, type BackupFixture } from '../vault/backup/backup-fixture.ts';
import { cliDeps, givenSecret, run } from './cli-fixture.ts';

/** AC-21: a backup that the page's request made, on a computer that has nothing but that folder and a recovery key. */
let fixture: BackupFixture;
let recoveryKey: string;
beforeAll(async () => {
  fixture = await createBackupFixture();
  recoveryKey = fixture.recoveryKey;
}, 120_000);
afterAll(() => {
  fixture.dispose();
});

const on = (dataFolder: string, secret = recoveryKey) => cliDeps(givenSecret(secret), { dataFolder });

describe('AC-21 cloister drill --backup', () => {
  it('opens the backup, checks it to its last entry, and writes nothing', async () => {
    const dataFolder = fixture.emptyFolder();
    const { exitCode, answer } = await run(['drill', '--backup', fixture.backup, '--json'], on(dataFolder));
    const told: unknown = JSON.parse(answer);
    expect([exitCode, told]).toEqual([
      0,
      expect.objectContaining({ opens: true, root: expect.stringMatching(/^[0-9a-f]{64}$/) }),
    ]);
    expect(readdirSync(dataFolder)).toEqual([]);
  });

  it('says what is wrong, with exit code 1, where the folder is none or the key is another', async () => {
    const dataFolder = fixture.emptyFolder();
    const nowhere = await run(['drill', '--backup', fixture.emptyFolder()], on(dataFolder));
    const other = await createBackupFixture();
    const wrongKey = await run(['drill', '--backup', fixture.backup], on(dataFolder, other.recoveryKey));
    other.dispose();
    for (const { exitCode, problem } of [nowhere, wrongKey]) {
      expect(exitCode).not.toBe(0);
      expect(problem).toMatch(/Nothing was (?:changed|written|restored)/);
    }
  });
});

describe('AC-21 cloister restore', () => {
  it('puts the record in place as a new one that continues the old, and only where there is none', async () => {
    const dataFolder = join(fixture.emptyFolder(), 'data');
    const restored = await run(['restore', fixture.backup], on(dataFolder));
    expect([restored.exitCode, restored.problem]).toEqual([0, '']);
    expect(restored.answer).toMatch(/^Restored: .* entries, all of them checked\.$/m);
    const [, was] = /^It was {7}(\S+)$/m.exec(restored.answer) ?? [];
    const [, goesOn] = /^It goes on {3}(\S+)$/m.exec(restored.answer) ?? [];
    expect([was, goesOn]).toEqual([expect.stringMatching(/\/0$/), expect.stringMatching(/\/1$/)]);
    expect(readdirSync(dataFolder)).toEqual(expect.arrayContaining(['cloister.db', 'keyring.json']));
    const before = readdirSync(dataFolder);
    const again = await run(['restore', fixture.backup], on(dataFolder));
    expect(again.exitCode).not.toBe(0);
    expect(readdirSync(dataFolder)).toEqual(before);
  });

  it('refuses a backup with a byte changed, and leaves nothing behind', async () => {
    const folder = fixture.emptyFolder();
    const damaged = fixture.damagedCopy((bytes) => {
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    });
    const { exitCode, problem } = await run(['restore', damaged], on(join(folder, 'data')));
    expect(exitCode).not.toBe(0);
    expect(problem).toMatch(/Nothing was/);
    expect(readdirSync(join(folder, 'data'))).toEqual([]);
  });
});
