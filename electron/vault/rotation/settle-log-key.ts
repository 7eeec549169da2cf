import { err, ok, type Result } from '../../shared/result.ts';
import { databaseError } from '../database/database-error.ts';
import { openWritableDatabase } from '../database/open-database.ts';
import { confirmGeneration, writeKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import { openLogReader } from '../log/log-reader.ts';
import { checkNewestOfTwoKeys } from '../log/verify-opened.ts';
import { holdersOf, resealedKeyring, sealToAll } from './resealed-keyring.ts';

export type SettledLogKey = {
  /** The generation that stands on the disk now. */
  readonly keyring: Keyring;
  /** With one seed. The same buffers as those given; the seed that signs no more is zeroed. */
  readonly keys: VaultKeys;
  /** `finished`: the new key signs. `undone`: it never signed and is gone; the change is to be begun again. */
  readonly change: 'none' | 'finished' | 'undone';
};

/**
 * To be called after every unlock and before the record is opened for writing: where the key file holds two seeds, a
 * change of the log key was interrupted. The record itself says which one signs; that one alone stays in the key file.
 * @returns `record-inconsistent` where it is neither of the two, and what stops reading or writing: then nothing was changed
 */
export async function settleLogKey(input: {
  readonly folder: string;
  readonly keyring: Keyring;
  readonly keys: VaultKeys;
  readonly databasePath: string;
  /** Only tests and the campaign pass one. */
  readonly reached?: (step: 'settled-sealed' | 'settled-written') => void;
}): Promise<Result<SettledLogKey>> {
  const { folder, keyring, keys, reached = ignored } = input;
  const { origin, verifierKey: current, nextVerifierKey: next } = keyring.log;
  const { dek, logSeed, nextLogSeed } = keys;
  if (next === undefined || nextLogSeed === undefined) return ok({ keyring, keys, change: 'none' });
  const signing = whichSigns(input.databasePath, dek, origin, { current, next });
  if (!signing.ok) return signing;
  const isFinished = signing.value === next;
  const kept = { dek, logSeed: isFinished ? nextLogSeed : logSeed };
  const sealed = await sealToAll(keyring, holdersOf(keyring), kept);
  const settled = resealedKeyring(keyring, sealed, dek, { origin, verifierKey: signing.value });
  // The generation before may still lie there. It opened nothing that this one does not, and would be kept as the way back.
  const confirmed = confirmGeneration(folder);
  if (!confirmed.ok) return confirmed;
  reached('settled-sealed');
  const written = writeKeyring(folder, settled);
  if (!written.ok) return written;
  reached('settled-written');
  const done = confirmGeneration(folder);
  if (!done.ok) return done;
  (isFinished ? logSeed : nextLogSeed).fill(0);
  return ok({ keyring: settled, keys: kept, change: isFinished ? 'finished' : 'undone' });
}

function whichSigns(
  path: string,
  dek: Uint8Array,
  origin: string,
  keys: { readonly current: string; readonly next: string },
): Result<string> {
  try {
    const database = openWritableDatabase(path, dek, { mustExist: true });
    try {
      const checked = checkNewestOfTwoKeys(openLogReader(database), origin, keys);
      return checked.ok ? ok(checked.value.verifierKey) : checked;
    } finally {
      database.close();
    }
  } catch (cause) {
    const known = databaseError(cause);
    if (known === null) throw cause;
    return err(known);
  }
}

function ignored(): void {
  /* nobody asked */
}
