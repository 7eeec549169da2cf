import type { AppError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { isKeyringAuthentic } from '../keys/keyring-authentication.ts';
import { confirmGeneration, isNewestGeneration, writeKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import { writeNextDatabase } from './next-database.ts';
import { sealToAll, type Holder } from './resealed-keyring.ts';
import { rotationError, swapUnfinished } from './rotation-errors.ts';
import { removeNextDatabase } from './rotation-files.ts';
import { swapDatabase, type SwapStep } from './swap-database.ts';

/** Named moments between the steps, in their order: what the campaign stops a rotation at. */
export type RotationStep = 'sealed' | 'copied' | 'verified' | 'keyring-written' | SwapStep;

type Deps = {
  readonly folder: string;
  /** The generation that stands on the disk. */
  readonly keyring: Keyring;
  /** Its keys; the caller zeroes them. */
  readonly keys: VaultKeys;
  /** Who can open the installation afterwards. */
  readonly holders: readonly Holder[];
  /** Composes the generation after `keyring` from what was sealed to each holder: `resealedKeyring`, as a rule. */
  readonly nextKeyring: (keyring: Keyring, sealed: ReadonlyMap<string, string>, dek: Uint8Array) => Keyring;
  readonly random: (bytes: number) => Uint8Array;
  /** Only tests and the campaign pass one. */
  readonly reached?: (step: RotationStep) => void;
};

type Rotated = { readonly keyring: Keyring; /** The caller zeroes them. */ readonly keys: VaultKeys };
type Refused = {
  readonly error: AppError;
  /** `old`: nothing has happened, the record may be opened again. `new`: end the session; the next unlock finishes. */
  readonly keysInForce: 'old' | 'new';
};

/**
 * A new raw key for the database, without anybody's passphrase. Whatever point it is killed at, one key opens one file:
 *
 * 1. `cloister.db.next` is written whole under the new key, synced, read back and compared. The database has no
 *    write-ahead log from then on. Nobody has the new key yet: a copy without a key file is rubbish.
 * 2. The next generation of the key file holds the new key, sealed to everybody who stays. This rename is the moment
 *    that counts: before it the old key is the one, after it the new one. The generation before stays beside it.
 * 3. The copy is renamed over the database.
 * 4. The key file of before is removed: it opens nothing any more.
 *
 * `openDatabasePath` goes on from wherever that ended. Call this only while nothing has the database open, on no thread.
 * It takes the record's size once more on the disk, and time in proportion; all of it but the sealing is synchronous.
 * Whoever is to lose access is switched off in a generation of before, so that no way back brings the person back.
 * @returns `disk-full`, `data-folder-not-writable`, `database-damaged`, `record-inconsistent`, each with the keys in force
 * @throws where keyring, keys and disk do not belong together: a bug
 */
export async function rotateDek(deps: Deps): Promise<Result<Rotated, Refused>> {
  const { folder, keyring, keys, reached = ignored } = deps;
  if (!isKeyringAuthentic(keyring, keys.dek)) throw new Error('the keys are not those of the keyring');
  if (!isNewestGeneration(folder, keyring)) throw new Error('the keyring is not the one on the disk');
  const dek = deps.random(32);
  try {
    const next = deps.nextKeyring(keyring, await sealToAll(keyring, deps.holders, { ...keys, dek }), dek);
    reached('sealed');
    const written = writeCopyAndKeyring({ folder, keyring, oldDek: keys.dek, newDek: dek, next, reached });
    if (!written.ok) return refused(deps, written.error);
    reached('keyring-written');
    const swapped = swapDatabase(folder, reached);
    if (!swapped.ok) return refused(deps, swapped.error);
    return ok({
      keyring: next,
      keys: { ...keys, dek: Buffer.from(dek), logSeed: Buffer.from(keys.logSeed) },
    });
  } finally {
    dek.fill(0);
    // A write may have failed after it took effect: only what stands on the disk says which key is in force.
    if (isNewestGeneration(folder, keyring)) removeNextDatabase(folder);
  }
}

/**
 * Steps 1 and 2. The copy was read with the old key, so the generation that holds it is confirmed, and the one before that
 * goes first: else it would be kept as the way back.
 */
function writeCopyAndKeyring(input: {
  readonly folder: string;
  readonly keyring: Keyring;
  readonly next: Keyring;
  readonly oldDek: Uint8Array;
  readonly newDek: Uint8Array;
  readonly reached: (step: RotationStep) => void;
}): Result<void> {
  const { folder, keyring, next } = input;
  try {
    const copied = writeNextDatabase(input);
    if (!copied.ok) return copied;
    input.reached('verified');
    const confirmed = confirmGeneration(folder);
    if (!confirmed.ok) return confirmed;
    const written = writeKeyring(folder, next);
    if (!written.ok && isNewestGeneration(folder, keyring)) confirmGeneration(folder);
    return written;
  } catch (cause) {
    const known = rotationError(cause);
    if (known === null) throw cause;
    return err(known);
  }
}

function refused({ folder, keyring }: Deps, error: AppError): Result<never, Refused> {
  return isNewestGeneration(folder, keyring)
    ? err({ error, keysInForce: 'old' })
    : err({ error: swapUnfinished, keysInForce: 'new' });
}

function ignored(): void {
  /* nobody asked */
}
