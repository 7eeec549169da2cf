import type { Result } from '../../shared/result.ts';
import { err, ok } from '../../shared/result.ts';
import { appError } from '../../shared/app-error.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { keyRotationProblem, keyRotations } from './key-rotation.ts';
import { publicKeyHash } from './log-key.ts';
import type { LogReader } from './log-reader.ts';
import { rootOf, whereStored } from './merkle.ts';
import { openNote, parseVerifierKey } from './signed-note.ts';

/**
 * The quick check at every unlock: the newest checkpoint is ours, and it describes exactly the tree that is stored.
 * The full check of every leaf is `verify-log.ts`.
 */
export function checkNewestCheckpoint(
  reader: LogReader,
  origin: string,
  verifierKey: string,
): Result<{ size: number }> {
  const size = reader.size();
  const note = reader.checkpoint(size);
  if (note === null || reader.signedSize() > size) return inconsistent;
  const opened = openNote(note, verifierKey);
  if (!opened.ok) return inconsistent;
  const checkpoint = parseCheckpoint(opened.value);
  if (!checkpoint.ok) return inconsistent;
  const { value } = checkpoint;
  if (value.origin !== origin || value.size !== size) return inconsistent;
  const root = whereStored(() => rootOf(size, (level, position) => reader.readNode(level, position)));
  if (root === null) return inconsistent;
  return Buffer.from(root).equals(Buffer.from(value.rootHash)) ? ok({ size }) : inconsistent;
}

/**
 * The same while the key file holds two seeds, because a change of the key was begun and not finished. Either its leaf
 * stands, with all that the new key signed since, or nothing of it does.
 * @param keys verifier keys of the key file: the one that signed until the change began, and the one that follows it
 * @returns the key that signs this record now: its seed alone is to stay in the key file
 */
export function checkNewestOfTwoKeys(
  reader: LogReader,
  origin: string,
  keys: { readonly current: string; readonly next: string },
): Result<{ size: number; verifierKey: string }> {
  const before = checkNewestCheckpoint(reader, origin, keys.current);
  if (before.ok) return ok({ ...before.value, verifierKey: keys.current });
  const after = checkNewestCheckpoint(reader, origin, keys.next);
  if (!after.ok) return after;
  const change = keyRotations(reader, after.value.size).at(-1);
  const current = parseVerifierKey(keys.current);
  const next = parseVerifierKey(keys.next);
  if (change === undefined || current === null || next === null) return inconsistent;
  const { entry, rotation } = change;
  const rootHash = whereStored(() => rootOf(entry, (level, position) => reader.readNode(level, position)));
  if (rootHash === null) return inconsistent;
  const problem = keyRotationProblem(rotation, { origin, size: entry, rootHash }, [
    publicKeyHash(current.publicKey),
  ]);
  return problem === null && rotation.newKey === publicKeyHash(next.publicKey)
    ? ok({ ...after.value, verifierKey: keys.next })
    : inconsistent;
}

const inconsistent = err(
  appError(
    'record-inconsistent',
    'The record does not match its own signed checkpoint: somebody or something changed it outside Cloister. Nothing was deleted. Do not go on; call IT, who compare it with the last exported bundle.',
  ),
);
