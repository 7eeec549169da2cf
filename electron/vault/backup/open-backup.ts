import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AppError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { migrate, newestDatabaseVersion } from '../database/migrations.ts';
import {
  databaseFailure,
  isWhole,
  openReadOnlyDatabase,
  openWritableDatabase,
  type ReadableDatabase,
} from '../database/open-database.ts';
import { unlockWithRecoveryKey } from '../keys/installation.ts';
import { readKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import type { RecoveryIdentity } from '../keys/recovery-key.ts';
import { forgetKeys, type VaultKeys } from '../keys/sealed-keys.ts';
import { openSnapshotReader } from '../log/log-reader.ts';
import type { LogCheck } from '../log/verify-log.ts';
import { verifyRecord } from '../log/verify-record.ts';
import {
  fileCutOff,
  fileDamaged,
  fileMissing,
  foreignFiles,
  keyringOfBackupDamaged,
  keysUnderChange,
  manifestDamaged,
  manifestForeign,
  newerBackup,
  noBackup,
  otherRecord,
  recordDamaged,
  unreadableBackup,
} from './backup-errors.ts';
import {
  backupFiles,
  hashFile,
  isManifestAuthentic,
  manifestFile,
  parseManifest,
  type BackupManifest,
} from './backup-manifest.ts';

export type OpenedBackup = {
  readonly manifest: BackupManifest;
  readonly keyring: Keyring;
  /** The caller zeroes them. */
  readonly keys: VaultKeys;
  /** Read-only, every leaf and text of it verified. */
  readonly database: ReadableDatabase;
  readonly check: LogCheck;
  close(): void;
};

/**
 * Opens a backup with a recovery key and checks all of it before anything is believed: every byte against the manifest,
 * the manifest and the key file against the record's key, the file with SQLite's own check, and then each leaf, tree node,
 * checkpoint and text with the code that checks the record in the app. Writes nothing into the backup.
 * @param temporaryFolder where an older record is copied to, still encrypted, to be brought to today's tables
 * @param onProgress fraction from 0 to 1
 * @returns `recovery-wrong-key`, or `backup-unusable` with a sentence
 */
export async function openBackup(input: {
  readonly folder: string;
  readonly identity: RecoveryIdentity;
  readonly temporaryFolder: string;
  readonly onProgress: (fraction: number) => void;
}): Promise<Result<OpenedBackup>> {
  const files = checkFiles(input.folder);
  if (!files.ok) return files;
  const manifest = files.value;
  const read = readKeyring(input.folder);
  if (!read.ok || read.value === null) return err(keyringOfBackupDamaged);
  const { keyring } = read.value;
  const unlocked = await unlockWithRecoveryKey({ keyring, identity: input.identity });
  if (!unlocked.ok)
    return err(unlocked.error.code === 'recovery-wrong-key' ? unlocked.error : keyringOfBackupDamaged);
  const keys = unlocked.value;
  const opened = openRecord({ ...input, manifest, keyring, dek: keys.dek });
  if (!opened.ok) {
    forgetKeys(keys);
    return opened;
  }
  return ok({ manifest, keyring, keys, ...opened.value });
}

/** Needs no key. */
function checkFiles(folder: string): Result<BackupManifest> {
  try {
    const names = readdirSync(folder);
    if (!names.includes(manifestFile)) return err(noBackup);
    const manifest = parseManifest(readFileSync(join(folder, manifestFile)));
    if (manifest === 'newer') return err(newerBackup);
    if (manifest === null) return err(manifestDamaged);
    for (const name of backupFiles) {
      const problem = names.includes(name) ? fileProblem(folder, name, manifest) : fileMissing(name);
      if (problem !== null) return err(problem);
    }
    // A write-ahead log beside the copy would be played into it.
    return names.length === backupFiles.length + 1 ? ok(manifest) : err(foreignFiles);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause)
      return err(cause.code === 'ENOENT' || cause.code === 'ENOTDIR' ? noBackup : unreadableBackup);
    throw cause;
  }
}

function fileProblem(
  folder: string,
  name: (typeof backupFiles)[number],
  { files }: BackupManifest,
): AppError | null {
  const path = join(folder, name);
  const facts = statSync(path);
  const expected = files[name];
  if (!facts.isFile()) return foreignFiles;
  if (facts.size !== expected.sizeBytes) return fileCutOff(name, facts.size, expected.sizeBytes);
  return hashFile(path) === expected.sha256 ? null : fileDamaged(name);
}

type RecordInput = {
  readonly folder: string;
  readonly manifest: BackupManifest;
  readonly keyring: Keyring;
  readonly dek: Uint8Array;
  readonly temporaryFolder: string;
  readonly onProgress: (fraction: number) => void;
};

function openRecord(input: RecordInput): Result<Pick<OpenedBackup, 'database' | 'check' | 'close'>> {
  const { manifest, keyring, dek } = input;
  if (!isManifestAuthentic(manifest, dek)) return err(manifestForeign);
  if (manifest.databaseVersion > newestDatabaseVersion) return err(newerBackup);
  if (keyring.log.nextVerifierKey !== undefined) return err(keysUnderChange);
  let copy: ReturnType<typeof openCopy> | null = null;
  try {
    copy = openCopy(input);
    const checked = checkCopy(copy.database, input);
    if (checked.ok) return ok({ ...copy, check: checked.value });
    copy.close();
    return checked;
  } catch (cause) {
    copy?.close();
    if (databaseFailure(cause) !== null) return err(unreadableBackup);
    throw cause;
  }
}

/** Today's tables are read where they lie; those of an older Cloister are brought up to date in a copy. */
function openCopy({ folder, manifest, dek, temporaryFolder }: RecordInput): {
  database: ReadableDatabase;
  close(): void;
} {
  const path = join(folder, 'cloister.db');
  if (manifest.databaseVersion === newestDatabaseVersion) {
    const database = openReadOnlyDatabase(path, dek);
    return { database, close: database.close };
  }
  const work = mkdtempSync(join(temporaryFolder, 'cloister-backup-'));
  const copied = join(work, 'cloister.db');
  try {
    copyFileSync(path, copied);
    const database = openWritableDatabase(copied, dek, { mustExist: true });
    migrate(database);
    return {
      database,
      close() {
        database.close();
        rmSync(work, { recursive: true, force: true });
      },
    };
  } catch (cause) {
    rmSync(work, { recursive: true, force: true });
    throw cause;
  }
}

function checkCopy(database: ReadableDatabase, input: RecordInput): Result<LogCheck> {
  const { manifest, keyring } = input;
  const { origin, verifierKey } = keyring.log;
  if (!isWhole(database)) return err(fileDamaged('cloister.db'));
  const row = database.prepare<[], { origin: string }>('SELECT origin FROM installation').get();
  const agree =
    row?.origin === origin &&
    manifest.origin === origin &&
    manifest.verifierKey === verifierKey &&
    manifest.installationId === keyring.installationId;
  if (!agree) return err(otherRecord);
  const reader = openSnapshotReader(database);
  const check = verifyRecord(database, reader, { origin, verifierKey }, input.onProgress);
  database.raw.exec('COMMIT');
  if (check.problem !== null) return err(recordDamaged(check.problem, check.firstBadEntry));
  const isAsTold =
    check.treeSize === manifest.treeSize && reader.checkpoint(check.treeSize) === manifest.checkpoint;
  return isAsTold ? ok(check) : err(otherRecord);
}
