import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { canonicalBytes } from '../log/canonical-json.ts';
import { folderError, replaceFile, syncFolder, unfinishedName } from './durable-file.ts';
import { keyringSchema, type Keyring } from './keyring-schema.ts';

/**
 * `keyring.json`: {checksum, keyring, v} in canonical JSON and one newline. The checksum tells rot from a wrong
 * passphrase and lets the previous generation stand in; against a person who edits the file it is worth nothing, that is
 * what the authentication code inside is for. Writing keeps the last confirmed generation as `keyring.previous.json`
 * until the record was opened with the new one. Nothing here ever deletes the only readable keyring.
 */
export const keyringFile = 'keyring.json';
export const previousKeyringFile = 'keyring.previous.json';

export type ReadKeyring = {
  readonly keyring: Keyring;
  /** The generation before, while the newest has not been confirmed. Never to be tried after a wrong passphrase. */
  readonly previous: Keyring | null;
  /** To be said on the screen: the newest generation could not be read and the one before is used. */
  readonly notice: string | null;
};

/**
 * @returns null where there is no keyring at all (before the first run); `keyring-damaged` where there is one and no
 *   generation of it can be read
 */
export function readKeyring(folder: string): Result<ReadKeyring | null> {
  const newest = readGeneration(join(folder, keyringFile));
  const previous = readGeneration(join(folder, previousKeyringFile));
  if (newest === 'unreachable' || previous === 'unreachable') return err(unreachable);
  if (newest === 'absent' && previous === 'absent') return ok(null);
  const older = typeof previous === 'string' ? null : previous;
  if (typeof newest !== 'string') {
    const { installationId, generation } = newest;
    const usable = older !== null && older.installationId === installationId && older.generation < generation;
    return ok({ keyring: newest, previous: usable ? older : null, notice: null });
  }
  return older === null ? err(bothDamaged) : ok({ keyring: older, previous: null, notice: fellBack });
}

/**
 * Writes the next generation so that a power cut at any point leaves a whole keyring.
 * @returns `already-set-up` where a first generation would replace an installation; `disk-full`,
 *   `data-folder-not-writable`: then the keyring is as it was
 * @throws where the generation does not follow the stored one: a bug
 */
export function writeKeyring(folder: string, keyring: Keyring): Result<void> {
  const read = readKeyring(folder);
  if (!read.ok) return read;
  const current = read.value?.keyring ?? null;
  if (current !== null && keyring.generation === 1) return err(alreadySetUp);
  if ((current?.generation ?? 0) + 1 !== keyring.generation)
    throw new Error('keyring generation does not follow the stored one');
  if (current !== null && current.installationId !== keyring.installationId)
    throw new Error('keyring of another installation');
  try {
    // While the newest is unconfirmed, the generation that is known to open the record stays.
    if (current !== null && !existsSync(join(folder, previousKeyringFile))) {
      replaceFile(folder, previousKeyringFile, encodeKeyring(current));
    }
    replaceFile(folder, keyringFile, encodeKeyring(keyring));
    return ok(undefined);
  } catch (cause) {
    return err(folderError(cause));
  }
}

/**
 * To be called after the record was opened with this generation's keys: from now on old passphrases open nothing.
 * With a damaged newest file the previous one stays: it is then the only one.
 */
export function confirmGeneration(folder: string): Result<void> {
  if (typeof readGeneration(join(folder, keyringFile)) === 'string') return ok(undefined);
  try {
    // What a killed run was writing was never in force, but may hold keys that are to open nothing any more.
    for (const name of [keyringFile, previousKeyringFile])
      rmSync(join(folder, unfinishedName(name)), { force: true });
    if (!existsSync(join(folder, previousKeyringFile))) return ok(undefined);
    rmSync(join(folder, previousKeyringFile));
    syncFolder(folder);
    return ok(undefined);
  } catch (cause) {
    return err(folderError(cause));
  }
}

/** Whether the newest key file is readable and this generation. */
export function isNewestGeneration(folder: string, keyring: Keyring): boolean {
  const read = readKeyring(folder);
  return read.ok && read.value?.notice === null && read.value.keyring.mac === keyring.mac;
}

const fileSchema = z.strictObject({ v: z.literal(1), keyring: keyringSchema, checksum: z.string() });

/** The bytes of the file that holds this generation. */
export function encodeKeyring(keyring: Keyring): Buffer {
  const checksum = createHash('sha256').update(canonicalBytes(keyring)).digest('hex');
  return Buffer.concat([canonicalBytes({ v: 1, keyring, checksum }), Buffer.from('\n')]);
}

/** Strict: one encoding per keyring. What does not come out byte for byte as it went in was not written by us. */
function readGeneration(path: string): Keyring | 'absent' | 'damaged' | 'unreachable' {
  try {
    const bytes = readFileSync(path);
    const file = fileSchema.safeParse(JSON.parse(bytes.toString('utf8')));
    return file.success && encodeKeyring(file.data.keyring).equals(bytes) ? file.data.keyring : 'damaged';
  } catch (cause) {
    if (cause instanceof SyntaxError) return 'damaged';
    const code = cause instanceof Error && 'code' in cause ? cause.code : null;
    if (code === 'ENOENT') return 'absent';
    return code === 'EACCES' || code === 'EPERM' ? 'unreachable' : 'damaged';
  }
}

const fellBack =
  'The newest key file is damaged, so the one before it is used: a passphrase or account that was changed last may be as it was before. Nothing was deleted. Tell IT.';
const bothDamaged = appError(
  'keyring-damaged',
  'The key file of this installation is damaged, so the record cannot be opened. The record and the key file were not touched. Do not set up Cloister again; call IT, who restore the key file from a backup or use the recovery key.',
);
const unreachable = appError(
  'data-folder-not-writable',
  'Cloister may not read its key file. Nothing was changed. Call IT: the data folder and the files in it must belong to this user.',
);
const alreadySetUp = appError(
  'already-set-up',
  'Cloister is set up on this computer already. Nothing was changed. Sign in instead.',
);
