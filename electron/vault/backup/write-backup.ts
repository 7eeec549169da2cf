import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { appError, type AppError } from '../../shared/app-error.ts';
import type { BackupSummary } from '../../shared/log-data.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { newestDatabaseVersion } from '../database/migrations.ts';
import { databaseFailure, openReadOnlyDatabase } from '../database/open-database.ts';
import { syncFolder } from '../keys/durable-file.ts';
import { isKeyringAuthentic } from '../keys/keyring-authentication.ts';
import { encodeKeyring, readKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import { logKeyFingerprint } from '../log/log-key.ts';
import { openSnapshotReader } from '../log/log-reader.ts';
import { parseVerifierKey } from '../log/signed-note.ts';
import { verifyRecord } from '../log/verify-record.ts';
import { encodeManifest, hashFile, manifestFile, manifestFormat } from './backup-manifest.ts';

export type BackupPlan = {
  readonly databasePath: string;
  /** Not zeroed here. */
  readonly dek: Uint8Array;
  readonly path: string;
  /** A folder of its own beside `path`, on the same disk. */
  readonly unfinishedPath: string;
  readonly appVersion: string;
  readonly madeAt: string;
};

/** Named moments between the steps, in their order: what tests stop a backup at. */
export type BackupStep = 'begun' | 'copied' | 'verified' | 'written';

/**
 * Copies the record, encrypted as it is and while it is being written to, and the key file into a new folder. The copy is
 * verified to its last leaf before the manifest is written, and the folder gets its name when all of it is on the disk:
 * what a kill leaves has another name and no manifest.
 * @param onProgress fraction from 0 to 1
 * @param reached only tests pass one
 */
export function writeBackup(
  plan: BackupPlan,
  onProgress: (fraction: number) => void,
  reached: (step: BackupStep) => void = () => undefined,
): Result<BackupSummary> {
  const startedAt = performance.now();
  const { path, unfinishedPath } = plan;
  if (existsSync(path)) return err(nameTaken);
  try {
    mkdirSync(unfinishedPath, { mode: 0o700 });
    reached('begun');
    const copied = fill(plan, onProgress, reached);
    if (!copied.ok) {
      rmSync(unfinishedPath, { recursive: true, force: true });
      return copied;
    }
    reached('written');
    if (existsSync(path)) throw new Error('somebody else took the name meanwhile');
    renameSync(unfinishedPath, path);
    syncFolder(dirname(path));
    return ok({
      folderName: basename(path),
      ...copied.value,
      isSameDisk: statSync(path).dev === statSync(plan.databasePath).dev,
      elapsedMs: performance.now() - startedAt,
    });
  } catch (cause) {
    rmSync(unfinishedPath, { recursive: true, force: true });
    return err(backupError(cause));
  }
}

type Written = Omit<BackupSummary, 'folderName' | 'isSameDisk' | 'elapsedMs'>;

function fill(
  plan: BackupPlan,
  onProgress: (fraction: number) => void,
  reached: (step: BackupStep) => void,
): Result<Written> {
  const keyring = keyringToCopy(plan);
  if (keyring === null) return err(keysNotSettled);
  const copy = join(plan.unfinishedPath, 'cloister.db');
  const source = openReadOnlyDatabase(plan.databasePath, plan.dek);
  try {
    source.raw.prepare<[string]>('VACUUM INTO ?').run(copy);
  } finally {
    source.close();
  }
  chmodSync(copy, 0o600);
  sync(copy);
  reached('copied');
  const checked = checkCopy(copy, plan.dek, keyring, onProgress);
  if (!checked.ok) return checked;
  reached('verified');
  const keyringPath = join(plan.unfinishedPath, 'keyring.json');
  writeNew(keyringPath, encodeKeyring(keyring));
  const files = { 'cloister.db': factsOf(copy), 'keyring.json': factsOf(keyringPath) };
  const { origin, verifierKey } = keyring.log;
  const manifest = {
    format: manifestFormat,
    app: plan.appVersion,
    madeAt: plan.madeAt,
    installationId: keyring.installationId,
    origin,
    verifierKey,
    databaseVersion: newestDatabaseVersion,
    files,
    ...checked.value,
  };
  writeNew(join(plan.unfinishedPath, manifestFile), encodeManifest(manifest, plan.dek));
  syncFolder(plan.unfinishedPath);
  const key = parseVerifierKey(verifierKey);
  return ok({
    ...checked.value,
    sizeBytes: files['cloister.db'].sizeBytes + files['keyring.json'].sizeBytes,
    keyFingerprint: key === null ? '' : logKeyFingerprint(key.publicKey),
  });
}

/** The key file on the disk, where it is whole, this record's, and no change of a key is under way. */
function keyringToCopy({ databasePath, dek }: BackupPlan): Keyring | null {
  const read = readKeyring(dirname(databasePath));
  const keyring = read.ok && read.value?.notice === null ? read.value.keyring : null;
  const isSettled =
    keyring !== null && keyring.log.nextVerifierKey === undefined && isKeyringAuthentic(keyring, dek);
  return isSettled ? keyring : null;
}

/** What lies there now is what a restore will find: it is read back, leaf by leaf. */
function checkCopy(
  path: string,
  dek: Uint8Array,
  { log }: Keyring,
  onProgress: (fraction: number) => void,
): Result<{ readonly treeSize: number; readonly checkpoint: string }> {
  const database = openReadOnlyDatabase(path, dek);
  try {
    // What was shown of an unfinished answer is no leaf yet: a restored record could never close the request.
    const open = database.prepare<[], unknown>('SELECT 1 FROM turns WHERE outcome_seq IS NULL LIMIT 1').get();
    if (open !== undefined) return err(answerRunning);
    const reader = openSnapshotReader(database);
    const check = verifyRecord(database, reader, log, onProgress);
    const checkpoint = reader.checkpoint(check.treeSize);
    return check.consistent && checkpoint !== null
      ? ok({ treeSize: check.treeSize, checkpoint })
      : err(copyDoesNotHold);
  } finally {
    database.close();
  }
}

function factsOf(path: string) {
  return { sha256: hashFile(path), sizeBytes: statSync(path).size };
}

function writeNew(path: string, bytes: Uint8Array): void {
  writeFileSync(path, bytes, { flag: 'wx', mode: 0o600 });
  sync(path);
}

/** Opened for writing: Windows flushes no other handle. */
function sync(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function backupError(cause: unknown): AppError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  if (code === 'ENOSPC' || code === 'EDQUOT' || databaseFailure(cause) === 'disk-full') return noRoom;
  return code === 'EACCES' ||
    code === 'EPERM' ||
    code === 'EROFS' ||
    databaseFailure(cause) === 'not-writable'
    ? notWritable
    : failed;
}

const nameTaken = appError(
  'backup-failed',
  'There is a file or folder of that name already, and nothing is ever replaced. Nothing was written. Choose another name.',
);
const keysNotSettled = appError(
  'backup-failed',
  'The key file of this record is being changed or is damaged, so no backup was made. The record is unchanged. Sign out and in, then try again; if it happens again, call IT.',
);
const answerRunning = appError(
  'backup-failed',
  'An answer was being written just then, so no backup was made. The record is unchanged. Wait until the answer is finished, then try again.',
);
const copyDoesNotHold = appError(
  'backup-failed',
  'The copy was read back and does not hold, so it was thrown away. The record itself was not changed. Check the record on its screen; if that holds, choose another drive.',
);
const noRoom = appError(
  'backup-failed',
  'There is no room for the backup there. Nothing was left behind, and the record is unchanged. Free some space or choose another place.',
);
const notWritable = appError(
  'backup-failed',
  'Cloister may not write to that place. Nothing was left behind, and the record is unchanged. Choose another place.',
);
const failed = appError(
  'backup-failed',
  'The backup could not be written there. Nothing was left behind, and the record is unchanged. Choose another place.',
);
