import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceIdSchema, userIdSchema } from '../../shared/ids.ts';
import type { Result } from '../../shared/result.ts';
import { openReadOnlyDatabase, openWritableDatabase } from '../database/open-database.ts';
import { createJournalSecrets } from '../journal/sealed-journal.ts';
import { unlock, unlockWithRecoveryKey, type NewUser } from '../keys/installation.ts';
import { confirmGeneration, readKeyring, writeKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import { createKeysFixture, createTestKeychain, valueOf, weakKdf } from '../keys/keys-fixture.ts';
import type { RecoveryIdentity } from '../keys/recovery-key.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import { activeRecord, keylessRecord, nextKeyring, withUser } from '../keys/user-record.ts';
import { openAuditLog, type AuditLog } from '../log/audit-log.ts';
import { systemClock } from '../log/clock.ts';
import { openLogReader } from '../log/log-reader.ts';
import { rootOf } from '../log/merkle.ts';
import { writeFirstLeaves } from '../setup/first-leaves.ts';
import { rotationPaths } from './rotation-files.ts';

/**
 * An installation on the disk as the app leaves it: real record, real key file, three people and a recovery key. Without a
 * keychain, so that another process can unlock it; only Argon2id is weaker.
 */
export type RotationFixture = {
  readonly folder: string;
  readonly administrator: NewUser;
  readonly clinician: NewUser;
  /** Whose account is to be switched off. */
  readonly leaver: NewUser;
  readonly recoveryIdentity: RecoveryIdentity;
  /** Of the installation as it was made; the tests' own. */
  readonly keys: VaultKeys;
  dispose(): void;
};

export async function createRotationFixture(leaves: number): Promise<RotationFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-rotation-'));
  const made = await createKeysFixture({ keychain: createTestKeychain('none', false) });
  const { keyring, keys } = made;
  const leaver: NewUser = {
    userId: userIdSchema.parse(randomUUID()),
    displayName: 'Lee Leaver',
    role: 'clinician',
    passphrase: 'island jacket kettle lemon',
  };
  const record = await activeRecord({ ...keyring, keys }, leaver, {
    passphrase: leaver.passphrase,
    deviceSecret: null,
    kdf: weakKdf,
  });
  const path = rotationPaths(folder).current;
  valueOf(
    writeFirstLeaves({
      path,
      keyring,
      keys,
      clock: systemClock(),
      appVersion: '0.1.0',
      provisioning: null,
      journal: await createJournalSecrets(),
    }),
  );
  appendLeaves(folder, keyring, keys, leaves);
  valueOf(writeKeyring(folder, keyring));
  const users = withUser(keyring.users, valueOf(record));
  valueOf(writeKeyring(folder, nextKeyring(keyring, keys.dek, { users })));
  valueOf(confirmGeneration(folder));
  const { administrator, clinician, recoveryIdentity } = made;
  return {
    folder,
    administrator,
    clinician,
    leaver,
    recoveryIdentity,
    keys,
    dispose() {
      rmSync(folder, { recursive: true });
    },
  };
}

const bySystem = { actor: { id: null, role: 'system' }, session: null } as const;
const words = 'A made-up sentence of about the length of a short answer. '.repeat(4);

/** Opens the record as a session does, and closes it. @returns size and root, in hex */
function withLog(
  folder: string,
  { log: { origin } }: Keyring,
  { dek, logSeed }: VaultKeys,
  act: (log: AuditLog) => void,
): { readonly size: number; readonly root: string } {
  const database = openWritableDatabase(rotationPaths(folder).current, dek, { mustExist: true });
  try {
    const log = openAuditLog({
      database,
      clock: systemClock(),
      origin,
      logSeed,
      device: deviceIdSchema.parse(randomUUID()),
      appVersion: '0.1.0',
      onAppended: () => undefined,
    });
    act(log);
    const reader = openLogReader(database);
    const size = reader.size();
    const root = rootOf(size, (level, position) => reader.readNode(level, position));
    return { size, root: Buffer.from(root).toString('hex') };
  } finally {
    database.close();
  }
}

/** Adds leaves with a text each. */
export function appendLeaves(folder: string, keyring: Keyring, keys: VaultKeys, count: number) {
  return withLog(folder, keyring, keys, (log) => {
    for (let n = 0; n < count; n += 1) {
      log.append({
        type: 'clipboard.copied',
        ...bySystem,
        patient: null,
        outcome: 'success',
        data: { turn: null, characters: words.length },
        texts: { copied: `${n} ${words}` },
      });
    }
  });
}

/** Adds the leaf of a new log key, as a session does while it changes it. */
export function appendKeyChange(folder: string, keyring: Keyring, keys: VaultKeys, newSeed: Uint8Array) {
  return withLog(folder, keyring, keys, (log) => log.rotateKey(newSeed, bySystem));
}

/** The generation that the app would use. */
export function keyringOf(folder: string): Keyring {
  const read = valueOf(readKeyring(folder));
  if (read === null) throw new Error('there is no keyring');
  return read.keyring;
}

/** From the file on the disk, as at the sign-in screen. */
export function unlockAs(keyring: Keyring, { userId, passphrase }: NewUser): Promise<Result<VaultKeys>> {
  return unlock({ keyring, userId, passphrase, deviceSecret: null, kdfFloor: weakKdf });
}

export function recoverWith(keyring: Keyring, identity: RecoveryIdentity): Promise<Result<VaultKeys>> {
  return unlockWithRecoveryKey({ keyring, identity });
}

/** A generation in which the account is there and opens nothing. */
export function switchOff(folder: string, keys: VaultKeys, user: NewUser): Keyring {
  const keyring = keyringOf(folder);
  const users = withUser(keyring.users, keylessRecord(user, 'disabled'));
  valueOf(writeKeyring(folder, nextKeyring(keyring, keys.dek, { users })));
  valueOf(confirmGeneration(folder));
  return keyringOf(folder);
}

/** Names of the databases in the folder that this key opens. */
export function filesOpenedBy(folder: string, dek: Uint8Array): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('cloister.db') && !/-(?:wal|shm|journal)$/u.test(name))
    .filter((name) => isOpenedBy(join(folder, name), dek));
}

function isOpenedBy(path: string, dek: Uint8Array): boolean {
  try {
    openReadOnlyDatabase(path, dek).close();
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'SQLITE_NOTADB') return false;
    throw cause;
  }
}
