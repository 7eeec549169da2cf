import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRecoveryIdentity, type RecoveryIdentity } from '../keys/recovery-key.ts';
import { valueOf } from '../keys/keys-fixture.ts';
import { databaseFile } from '../setup/installation-files.ts';
import { setUpFrom, signInFrom, startPlayedVault, type PlayedVault } from '../vault-fixture.ts';

/** An installation with a backup of it, made through the request that the page sends, for tests. */
export type BackupFixture = {
  /** Holds `data`; the whole of the old computer. */
  readonly folder: string;
  readonly backup: string;
  readonly identity: RecoveryIdentity;
  /** The same as a person types it. */
  readonly recoveryKey: string;
  /** Folders of their own, gone with the fixture. */
  emptyFolder(): string;
  /** The backup with the bytes of its record changed. */
  damagedCopy(change: (bytes: Buffer) => void): string;
  dispose(): void;
};

export async function createBackupFixture(
  alsoDone: (played: PlayedVault) => Promise<void> = async () => undefined,
): Promise<BackupFixture> {
  const root = mkdtempSync(join(tmpdir(), 'cloister-backup-test-'));
  const emptyFolder = (): string => mkdtempSync(join(root, 'folder-'));
  const folder = emptyFolder();
  const played = await startPlayedVault(folder, 'launch');
  const [identity = ''] = await setUpFrom(played.page);
  await alsoDone(played);
  await signInFrom(played.page, 'it-admin');
  const backup = join(root, 'backup');
  const made = await makeBackup(played, backup);
  if (!made.ok) throw new Error(made.error.message);
  played.vault.stop();
  return {
    folder,
    backup,
    identity: valueOf(parseRecoveryIdentity(identity)),
    recoveryKey: identity,
    damagedCopy(change) {
      const copy = join(emptyFolder(), 'backup');
      cpSync(backup, copy, { recursive: true });
      const database = join(copy, databaseFile);
      const bytes = readFileSync(database);
      change(bytes);
      writeFileSync(database, bytes);
      return copy;
    },
    emptyFolder,
    dispose: () => {
      rmSync(root, { recursive: true });
    },
  };
}

/** As the page does it after main's dialog. */
export function makeBackup(played: PlayedVault, path: string) {
  const fileGrant = randomUUID();
  played.vault.grantFile(fileGrant, path, 'backup');
  return played.page.ask('backup.make', { fileGrant });
}
