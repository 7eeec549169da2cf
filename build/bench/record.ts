import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  openReadOnlyDatabase,
  openWritableDatabase,
  type WritableDatabase,
} from '../../electron/vault/database/open-database.ts';
import { unlock } from '../../electron/vault/keys/installation.ts';
import type { UserRecord } from '../../electron/vault/keys/keyring-schema.ts';
import { valueOf } from '../../electron/vault/keys/keys-fixture.ts';
import type { VaultKeys } from '../../electron/vault/keys/sealed-keys.ts';
import { openAuditLog, type AuditLog } from '../../electron/vault/log/audit-log.ts';
import { handSetClock } from '../../electron/vault/log/log-fixture.ts';
import { openLogQuery } from '../../electron/vault/log/log-query.ts';
import { openSnapshotReader, type LogReader } from '../../electron/vault/log/log-reader.ts';
import { verifierKeyFor } from '../../electron/vault/log/signed-note.ts';
import { rotationPaths } from '../../electron/vault/rotation/rotation-files.ts';
import { keyringOf } from '../../electron/vault/rotation/rotation-fixture.ts';
import { clinicianPassphrase, setUpFrom, startPlayedVault } from '../../electron/vault/vault-fixture.ts';
import { deviceIdSchema, entrySchema, type UserId } from '../../electron/shared/ids.ts';
import { createEntries, patients } from './record-entries.ts';

/** An installation as the vault's own set-up makes it, with a record of some years. Its clinician wrote a quarter of it. */
export type RecordFolder = {
  /** Holds the folder `data`. */
  readonly folder: string;
  readonly databasePath: string;
  readonly origin: string;
  readonly verifierKey: string;
  readonly clinician: UserRecord;
  /** Of made-up data: they may lie in memory as long as a bench runs. */
  readonly keys: VaultKeys;
};

const cache = join(import.meta.dirname, '../../.cache/bench');
const entriesAtOnce = 2000;
/** A record of 1,000,000 entries is of three years. */
const everyMs = 90_000;

/**
 * Made at the first use and kept beside the checkout's other caches, because a million entries take minutes. Made anew when
 * what writes it changes. Rows that sign in add some entries to it.
 */
export async function keptRecord(entries: number): Promise<RecordFolder> {
  const name = `${entries}-${writtenBy()}`;
  const folder = join(cache, name);
  if (existsSync(folder)) return opened(folder);
  const unfinished = join(cache, `unfinished-${process.pid}`);
  console.log(`making a record of ${entries} entries; it is kept in .cache/bench`);
  const startedAt = performance.now();
  await makeRecord(unfinished, entries);
  console.log(`made in ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
  renameSync(unfinished, folder);
  return opened(folder);
}

async function makeRecord(folder: string, entries: number): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { vault, page } = await startPlayedVault(folder, 'launch');
  await setUpFrom(page);
  vault.stop();
  const record = await opened(folder);
  const database = openWritableDatabase(record.databasePath, record.keys.dek, { mustExist: true });
  try {
    addPatients(database);
    const clock = handSetClock(Date.now() - 3_600_000 - entries * everyMs);
    const log = openAuditLog({
      database,
      clock,
      origin: record.origin,
      logSeed: record.keys.logSeed,
      device: deviceIdSchema.parse(randomUUID()),
      appVersion: '0.1.0',
      onAppended: () => undefined,
    });
    fill(log, clock, entries, record.clinician.userId);
    openLogQuery(database).values('model');
    database.execute('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

function addPatients(database: WritableDatabase): void {
  const insert = database.prepare<[string, string], never>(
    'INSERT INTO patients (patient_id, reference) VALUES (?, ?)',
  );
  database.transaction(() => {
    for (const { id, reference } of patients) insert.run(id, reference);
  });
}

type HandSetClock = ReturnType<typeof handSetClock>;

function fill(log: AuditLog, clock: HandSetClock, entries: number, writer: UserId): void {
  const interaction = createEntries(writer);
  while (log.size() < entries) {
    const first = log.size();
    const count = Math.min(entriesAtOnce, Math.ceil((entries - first) / 2) * 2);
    clock.set(clock.nowMs() + count * everyMs);
    const drafts = Array.from({ length: count / 2 }, (_, n) => interaction(entrySchema.parse(first + 2 * n)));
    log.appendAll(drafts.flat(), () => undefined);
  }
}

/** From the disk, as it was left. */
async function opened(folder: string): Promise<RecordFolder> {
  const data = join(folder, 'data');
  const keyring = keyringOf(data);
  const clinician = keyring.users.find(({ role }) => role === 'clinician');
  if (clinician === undefined) throw new Error('the set-up made no clinician');
  const { userId } = clinician;
  const keys = valueOf(
    await unlock({ keyring, userId, passphrase: clinicianPassphrase, deviceSecret: null }),
  );
  const { origin } = keyring.log;
  return {
    folder,
    databasePath: rotationPaths(data).current,
    origin,
    verifierKey: verifierKeyFor(origin, keys.logSeed),
    clinician,
    keys,
  };
}

/** On a handle of its own, as the vault's worker reads. */
export function openReader({ databasePath, keys }: RecordFolder): { reader: LogReader; close: () => void } {
  const database = openReadOnlyDatabase(databasePath, keys.dek);
  return { reader: openSnapshotReader(database), close: database.close };
}

/** For rows that write. @param folder must not exist */
export function copyOf(record: RecordFolder, folder: string): RecordFolder {
  cpSync(record.folder, folder, { recursive: true });
  return { ...record, folder, databasePath: rotationPaths(join(folder, 'data')).current };
}

/** What the bytes of a record come from. */
function writtenBy(): string {
  const hash = createHash('sha256');
  for (const file of [
    'build/bench/record.ts',
    'build/bench/record-entries.ts',
    'electron/vault/database/migrations.ts',
    'electron/vault/log/audit-log.ts',
    'electron/vault/log/leaf.ts',
    'electron/vault/log/log-index.ts',
  ])
    hash.update(readFileSync(join(import.meta.dirname, '../..', file)));
  return hash.digest('hex').slice(0, 12);
}
