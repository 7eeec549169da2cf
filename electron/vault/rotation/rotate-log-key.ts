import type { AppError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { databaseError } from '../database/database-error.ts';
import { isKeyringAuthentic } from '../keys/keyring-authentication.ts';
import { confirmGeneration, isNewestGeneration, writeKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import { verifierKeyFor } from '../log/signed-note.ts';
import { holdersOf, resealedKeyring, sealToAll } from './resealed-keyring.ts';

/** Named moments between the steps, in their order: what the campaign stops a change at. */
export type LogKeyStep = 'sealed' | 'both-written' | 'both-confirmed' | 'leaf-written' | 'next-written';

type Deps = {
  readonly folder: string;
  /** The generation that stands on the disk and that the record was opened with. */
  readonly keyring: Keyring;
  /** Its keys, not those of a session that may end meanwhile; the caller zeroes them. */
  readonly keys: VaultKeys;
  /**
   * Adds the leaf (`AuditLog.rotateKey`) and closes the log, which would go on signing with a seed that is zeroed here.
   * @throws SqliteError where the disk refuses
   */
  readonly addLeaf: (newSeed: Uint8Array) => void;
  readonly random: (bytes: number) => Uint8Array;
  /** Only tests and the campaign pass one. */
  readonly reached?: (step: LogKeyStep) => void;
};

type Refused = {
  readonly error: AppError;
  /** False: the key file is what it was. True: it holds two seeds; the next unlock tells which one signs (`settleLogKey`). */
  readonly isBegun: boolean;
};

/**
 * A new key that signs the record, without anybody's passphrase: log/FORMAT.md, "How the app changes the key". All sealing
 * comes first, which takes a while; from the first write to the last nothing else of this process runs in between.
 * @returns the newest generation; `disk-full`, `data-folder-not-writable`
 * @throws where keyring and keys do not belong together: a bug
 */
export async function rotateLogKey(deps: Deps): Promise<Result<Keyring, Refused>> {
  const { keyring, keys } = deps;
  if (!isKeyringAuthentic(keyring, keys.dek)) throw new Error('the keys are not those of the keyring');
  if (keyring.log.nextVerifierKey !== undefined) throw new Error('a change of the log key is under way');
  const { dek, logSeed } = keys;
  const nextLogSeed = deps.random(32);
  try {
    const { origin, verifierKey } = keyring.log;
    const nextVerifierKey = verifierKeyFor(origin, nextLogSeed);
    const holders = holdersOf(keyring);
    const withBoth = await sealToAll(keyring, holders, { dek, logSeed, nextLogSeed });
    const withNext = await sealToAll(keyring, holders, { dek, logSeed: nextLogSeed });
    const both = resealedKeyring(keyring, withBoth, dek, { origin, verifierKey, nextVerifierKey });
    const next = resealedKeyring(both, withNext, dek, { origin, verifierKey: nextVerifierKey });
    return change(deps, { both, next, nextLogSeed });
  } finally {
    nextLogSeed.fill(0);
  }
}

function change(
  { folder, keyring, addLeaf, reached = ignored }: Deps,
  { both, next, nextLogSeed }: { both: Keyring; next: Keyring; nextLogSeed: Uint8Array },
): Result<Keyring, Refused> {
  reached('sealed');
  const begun = writeKeyring(folder, both);
  // A write may have failed after it took effect.
  if (!begun.ok) return err({ error: begun.error, isBegun: !isNewestGeneration(folder, keyring) });
  reached('both-written');
  // A generation that lacks the next seed must not be able to stand in once the next key has signed.
  const confirmed = confirmGeneration(folder);
  if (!confirmed.ok) return err({ error: confirmed.error, isBegun: true });
  reached('both-confirmed');
  try {
    addLeaf(nextLogSeed);
  } catch (cause) {
    const known = databaseError(cause);
    if (known === null) throw cause;
    return err({ error: known, isBegun: true });
  }
  reached('leaf-written');
  const written = writeKeyring(folder, next);
  if (!written.ok) return err({ error: written.error, isBegun: true });
  reached('next-written');
  const done = confirmGeneration(folder);
  return done.ok ? ok(next) : err({ error: done.error, isBegun: true });
}

function ignored(): void {
  /* nobody asked */
}
