import type { Result } from '../../shared/result.ts';
import { err, ok } from '../../shared/result.ts';
import { appError } from '../../shared/app-error.ts';
import type { LogReader } from './log-reader.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { rootOf } from './merkle.ts';
import { openNote } from './signed-note.ts';

/**
 * The quick check at every unlock: the newest checkpoint is ours, and it describes exactly the tree that is stored.
 * The full check of every leaf is `verify-log.ts`.
 */
export function checkNewestCheckpoint(
  reader: LogReader,
  origin: string,
  verifierKey: string,
): Result<{ size: number }> {
  const inconsistent = err(
    appError(
      'record-inconsistent',
      'The record does not match its own signed checkpoint: somebody or something changed it outside Cloister. Nothing was deleted. Do not go on; call IT, who compare it with the last exported bundle.',
    ),
  );
  const size = reader.size();
  const note = reader.checkpoint(size);
  if (note === null) return inconsistent;
  const opened = openNote(note, verifierKey);
  if (!opened.ok) return inconsistent;
  const checkpoint = parseCheckpoint(opened.value);
  if (!checkpoint.ok) return inconsistent;
  const { value } = checkpoint;
  if (value.origin !== origin || value.size !== size) return inconsistent;
  const root = rootOf(size, (level, position) => reader.readNode(level, position));
  return Buffer.from(root).equals(Buffer.from(value.rootHash)) ? ok({ size }) : inconsistent;
}
