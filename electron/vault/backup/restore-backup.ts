import { randomBytes, randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { appError } from '../../shared/app-error.ts';
import { deviceIdSchema } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { databaseError } from '../database/database-error.ts';
import { migrate } from '../database/migrations.ts';
import { openReadOnlyDatabase, openWritableDatabase } from '../database/open-database.ts';
import { openJournalSecrets } from '../journal/journal-secrets.ts';
import { createJournalSecrets, openSealedJournal, type JournalSecrets } from '../journal/sealed-journal.ts';
import { syncFolder } from '../keys/durable-file.ts';
import { authenticateKeyring } from '../keys/keyring-authentication.ts';
import { keyringFile, readKeyring, writeKeyring } from '../keys/keyring-file.ts';
import { isHolder, keyringSchema, type Keyring } from '../keys/keyring-schema.ts';
import type { RecoveryIdentity } from '../keys/recovery-key.ts';
import { forgetKeys, type VaultKeys } from '../keys/sealed-keys.ts';
import { openAuditLog } from '../log/audit-log.ts';
import type { Clock } from '../log/clock.ts';
import { maximumEpoch } from '../log/earlier-records.ts';
import { publicKeyOf } from '../log/ed25519.ts';
import { signContinuation, type ClosedRecord } from '../log/log-continuation.ts';
import { logKeyFingerprint } from '../log/log-key.ts';
import { openSnapshotReader } from '../log/log-reader.ts';
import { verifierKeyFor } from '../log/signed-note.ts';
import { verifyRecord } from '../log/verify-record.ts';
import { holdersOf, sealToAll } from '../rotation/resealed-keyring.ts';
import { syncFile } from '../rotation/rotation-files.ts';
import { databaseFile, restoringDatabaseFile, unfinishedDatabaseFile } from '../setup/installation-files.ts';
import { tooManyRestores } from './backup-errors.ts';
import { carryRecord } from './carry-record.ts';
import { openBackup, type OpenedBackup } from './open-backup.ts';

export type Restored = {
  readonly organisationName: string;
  readonly madeAt: string;
  readonly oldOrigin: string;
  readonly origin: string;
  /** Entries of the record that is continued, all of them verified. */
  readonly entries: number;
  readonly keyFingerprint: string;
  readonly logVerifierKey: string;
  /** Accounts whose passphrase needs the keychain of the old computer too. */
  readonly isDeviceBound: boolean;
};

/** Named moments between the steps, in their order: what tests stop a restore at. */
export type RestoreStep = 'verified' | 'built' | 'keyring-written' | 'renamed';

type Deps = {
  readonly folder: string;
  readonly identity: RecoveryIdentity;
  /** Of the installation that is to be; holds none yet. */
  readonly dataFolder: string;
  readonly temporaryFolder: string;
  readonly appVersion: string;
  readonly clock: Clock;
  readonly onProgress: (fraction: number) => void;
  /** Only tests pass one. */
  readonly reached?: (step: RestoreStep) => void;
};

/**
 * Puts a backup in place on a computer without an installation. All of it is verified first. Then a record of its own
 * begins, with an origin, a key of the record and a log key that no other computer has, and its first leaf says which one
 * it continues: `log.continued`, signed by the old key and the new one. The old seed is not kept.
 *
 * The order is that of a set-up: the database under its unfinished name, the key file, the database's name. Killed before
 * the key file is there, nothing is installed and the next restore begins anew; killed after it, the next start of the app
 * gives the database its name.
 * @returns what `openBackup` refuses; `already-set-up`, `disk-full`, `data-folder-not-writable`
 */
export async function restoreBackup(deps: Deps): Promise<Result<Restored>> {
  const target = emptyTarget(deps.dataFolder);
  if (!target.ok) return target;
  const opened = await openBackup(deps);
  if (!opened.ok) return opened;
  const backup = opened.value;
  deps.reached?.('verified');
  const keys = { dek: randomBytes(32), logSeed: randomBytes(32) };
  try {
    if (backup.keyring.epoch + 1 >= maximumEpoch) return err(tooManyRestores);
    const keyring = await nextKeyringOf(backup.keyring, keys);
    const journal = await createJournalSecrets();
    const placed = place(deps, { backup, keyring, keys, journal });
    if (!placed.ok) return placed;
    const journalled = await openSealedJournal({ folder: deps.dataFolder, clock: deps.clock }).replace(
      journal,
    );
    return journalled.ok ? ok(summaryOf(backup, keyring, keys)) : journalled;
  } finally {
    backup.close();
    forgetKeys(backup.keys);
    forgetKeys(keys);
  }
}

function emptyTarget(dataFolder: string): Result<void> {
  const read = readKeyring(dataFolder);
  if (!read.ok || read.value !== null || existsSync(join(dataFolder, databaseFile))) return err(notEmpty);
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    accessSync(dataFolder, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok(undefined);
  } catch {
    return err(notWritable);
  }
}

/** Passphrases, one-time codes and recovery keys stay what they are: the new keys are sealed to the same holders. */
async function nextKeyringOf(old: Keyring, keys: VaultKeys): Promise<Keyring> {
  const epoch = old.epoch + 1;
  const [prefix] = old.log.origin.split('/');
  // A new uuid: two computers that restore one backup have the same number, and must not have the same origin.
  const origin = `${prefix ?? ''}/${randomUUID()}/${epoch}`;
  const sealed = await sealToAll({ ...old, epoch }, holdersOf(old), keys);
  const sealedTo = (holder: string): string => {
    const found = sealed.get(holder);
    if (found === undefined) throw new Error('a holder was passed over');
    return found;
  };
  const { mac: _mac, ...content } = old;
  const next = {
    ...content,
    generation: 1,
    epoch,
    users: old.users.map((user) => (isHolder(user) ? { ...user, sealed: sealedTo(user.userId) } : user)),
    recovery: old.recovery.map((record) => ({ ...record, sealed: sealedTo(record.recipient) })),
    log: { origin, verifierKey: verifierKeyFor(origin, keys.logSeed) },
  };
  return keyringSchema.parse(authenticateKeyring(next, keys.dek));
}

type Pieces = {
  readonly backup: OpenedBackup;
  readonly keyring: Keyring;
  readonly keys: VaultKeys;
  readonly journal: JournalSecrets;
};

function place(deps: Deps, pieces: Pieces): Result<void> {
  const { dataFolder, reached } = deps;
  const restoring = join(dataFolder, restoringDatabaseFile);
  const unfinished = join(dataFolder, unfinishedDatabaseFile);
  removeDatabase(restoring);
  try {
    build(restoring, deps, pieces);
    readBack(restoring, pieces);
    reached?.('built');
    // Only now, so that an app that is started meanwhile does not take it for a set-up that was given up.
    removeDatabase(unfinished);
    renameSync(restoring, unfinished);
    const saved = writeKeyring(dataFolder, pieces.keyring);
    if (!saved.ok) {
      removeDatabase(unfinished);
      return saved;
    }
    reached?.('keyring-written');
    renameSync(unfinished, join(dataFolder, databaseFile));
    syncFolder(dataFolder);
    reached?.('renamed');
    return ok(undefined);
  } catch (cause) {
    const known = databaseError(cause);
    removeDatabase(restoring);
    // With a key file in place the next start goes on from here.
    if (!existsSync(join(dataFolder, keyringFile))) removeDatabase(unfinished);
    if (known === null) throw cause;
    return err(known);
  }
}

function build(path: string, { clock, appVersion }: Deps, { backup, keyring, keys, journal }: Pieces): void {
  const { origin } = keyring.log;
  const closed = closedRecord(backup);
  const database = openWritableDatabase(path, keys.dek, { mustExist: false });
  try {
    migrate(database);
    carryRecord(backup.database, database, { ...closed, epoch: backup.keyring.epoch });
    const device = deviceIdSchema.parse(randomUUID());
    database
      .prepare<[string, string], never>(
        'INSERT INTO installation (only_row, device_id, origin) VALUES (1, ?, ?)',
      )
      .run(device, origin);
    openJournalSecrets(database).add(journal);
    openAuditLog({
      database,
      clock,
      origin,
      logSeed: keys.logSeed,
      device,
      appVersion,
      onAppended: () => undefined,
    }).append({
      type: 'log.continued',
      actor: { id: null, role: 'system' },
      session: null,
      patient: null,
      outcome: 'attention',
      data: signContinuation(closed, origin, backup.keys.logSeed, keys.logSeed),
      texts: { organisationName: keyring.organisationName },
    });
  } finally {
    database.close();
  }
  syncFile(path);
}

/** What will be opened from now on, from the disk. @throws where it does not hold: a bug, or a disk that lies */
function readBack(path: string, { keyring, keys }: Pieces): void {
  const database = openReadOnlyDatabase(path, keys.dek);
  try {
    const check = verifyRecord(database, openSnapshotReader(database), keyring.log, () => undefined);
    if (check.problem !== null) throw new Error(`the restored record does not hold: ${check.problem}`);
  } finally {
    database.close();
  }
}

function closedRecord({ keyring, check }: OpenedBackup): ClosedRecord {
  return { ...keyring.log, size: check.treeSize, rootHash: check.rootHash };
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

function summaryOf(
  { manifest, keyring: old, check }: OpenedBackup,
  keyring: Keyring,
  keys: VaultKeys,
): Restored {
  return {
    organisationName: keyring.organisationName,
    madeAt: manifest.madeAt,
    oldOrigin: old.log.origin,
    origin: keyring.log.origin,
    entries: check.treeSize,
    keyFingerprint: logKeyFingerprint(publicKeyOf(keys.logSeed)),
    logVerifierKey: keyring.log.verifierKey,
    isDeviceBound: keyring.device.mode === 'device-bound',
  };
}

const notEmpty = appError(
  'already-set-up',
  'Cloister is set up for this account of the computer already, or files of it are there. Nothing was changed. Restore as another account or on another computer, or move the data folder away first.',
);
const notWritable = appError(
  'data-folder-not-writable',
  'Cloister may not write to its data folder, so nothing was restored. Nothing was changed. Start the command as the account that is to use Cloister.',
);
