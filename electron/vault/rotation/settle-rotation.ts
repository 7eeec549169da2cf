import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../../shared/result.ts';
import { databaseFailure, openReadOnlyDatabase, openWritableDatabase } from '../database/open-database.ts';
import { replaceFile, unfinishedName } from '../keys/durable-file.ts';
import { keyringFile, previousKeyringFile, readKeyring } from '../keys/keyring-file.ts';
import { isWholeRecord } from './next-database.ts';
import { nextDamaged, oldKeyringOpensNothing, rotationError } from './rotation-errors.ts';
import { removeNextDatabase, rotationPaths } from './rotation-files.ts';
import { swapDatabase, type SwapStep } from './swap-database.ts';

type Settling = {
  readonly folder: string;
  /** What the passphrase has just unlocked from the key file that `readKeyring` gives. */
  readonly dek: Uint8Array;
  /** For tests and the campaign: called between the steps. */
  readonly reached?: (step: SwapStep | 'rolled-back') => void;
};

export type Settled = {
  readonly path: string;
  /** `finished`: the record has its new key. `undone`: it has the old one, and the change is to be begun again. */
  readonly rotation: 'none' | 'finished' | 'undone';
};

/**
 * To be called after every unlock and before the database is opened: where a change of the key was interrupted, this
 * finishes it or undoes it, whichever the unlocked key says, so that one key works on one file.
 *
 * | the key opens            | which means                                                   | what happens          |
 * | ------------------------ | ------------------------------------------------------------- | --------------------- |
 * | the database             | the new key file was not written, or is damaged and passed over | the copy is removed |
 * | the copy and it is whole | the new key file is there, the rename is missing              | the rename, step 3, 4 |
 * | neither                  | something else is wrong                                       | nothing is touched    |
 *
 * Without a copy beside the database it costs one look at the folder.
 * @returns the path of the database to open, and what became of a change of the key; `database-damaged`, `keyring-damaged`, `data-folder-not-writable`, `disk-full`
 */
export function openDatabasePath(settling: Settling): Result<Settled> {
  const { folder, dek } = settling;
  const { current, next } = rotationPaths(folder);
  const keyring = readKeyring(folder);
  if (!keyring.ok) return keyring;
  const isPrevious = keyring.value !== null && keyring.value.notice !== null;
  const isCopyThere = existsSync(next);
  if (!isCopyThere && !isPrevious) return ok({ path: current, rotation: 'none' });
  try {
    if (opens(current, () => openWritableDatabase(current, dek, { mustExist: true }).close()))
      return isCopyThere ? undo(settling, isPrevious) : ok({ path: current, rotation: 'none' });
    if (isPrevious) return err(oldKeyringOpensNothing);
    if (!opens(next, () => openReadOnlyDatabase(next, dek).close()))
      return ok({ path: current, rotation: 'none' });
    if (!isWhole(next, dek)) return err(nextDamaged);
  } catch (cause) {
    const known = rotationError(cause);
    if (known === null) throw cause;
    return err(known);
  }
  const swapped = swapDatabase(folder, settling.reached ?? ignored);
  return swapped.ok ? ok({ path: current, rotation: 'finished' }) : swapped;
}

/**
 * The database that stands there has our key, so the copy is not needed. Where our key comes from the key file of before,
 * that one first takes the place of the damaged one: could that be read again tomorrow, it would lead to a key whose
 * copy is gone.
 */
function undo({ folder, reached = ignored }: Settling, isPrevious: boolean): Result<Settled> {
  if (isPrevious) replaceFile(folder, keyringFile, readFileSync(join(folder, previousKeyringFile)));
  reached('rolled-back');
  try {
    // Half-written key files: `replaceFile` would replace them one day.
    for (const name of [keyringFile, previousKeyringFile])
      rmSync(join(folder, unfinishedName(name)), { force: true });
    removeNextDatabase(folder);
  } catch {
    // It has nobody's key and harms nobody; the next sign-in tries again.
  }
  return ok({ path: rotationPaths(folder).current, rotation: 'undone' });
}

/** @returns false for another key's file, a damaged first page, or none */
function opens(path: string, open: () => void): boolean {
  if (!existsSync(path)) return false;
  try {
    open();
    return true;
  } catch (cause) {
    if (databaseFailure(cause) === 'damaged') return false;
    throw cause;
  }
}

/** @returns false also for a database that has not the tables of a record */
function isWhole(path: string, dek: Uint8Array): boolean {
  const database = openReadOnlyDatabase(path, dek);
  try {
    return isWholeRecord(database);
  } catch (cause) {
    const isForeign = cause instanceof Error && 'code' in cause && cause.code === 'SQLITE_ERROR';
    if (isForeign || databaseFailure(cause) === 'damaged') return false;
    throw cause;
  } finally {
    database.close();
  }
}

function ignored(): void {
  /* nobody asked */
}
