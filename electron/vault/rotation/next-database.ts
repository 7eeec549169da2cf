import { existsSync } from 'node:fs';
import { err, ok, type Result } from '../../shared/result.ts';
import {
  openReadOnlyDatabase,
  openWritableDatabase,
  type ReadableDatabase,
} from '../database/open-database.ts';
import { syncFolder } from '../keys/durable-file.ts';
import { parseCheckpoint } from '../log/checkpoint.ts';
import { openLogReader } from '../log/log-reader.ts';
import { rootOf } from '../log/merkle.ts';
import { copyFromSource } from './copy-database.ts';
import { digestDatabase, isSameDigest, type DatabaseDigest } from './database-digest.ts';
import { copyDiffers, recordInUse } from './rotation-errors.ts';
import { hasSidecar, removeNextDatabase, rotationPaths, syncFile } from './rotation-files.ts';

/**
 * Step 1 of a rotation: the whole record once more under another key, on the disk and compared with the first. The copy
 * never has a write-ahead log or a journal beside it: a file without sidecars is what a rename can move in one step.
 * The database leaves write-ahead logging too, which nobody can make it do while somebody else has it open; the next
 * session turns that on again.
 * @returns `record-inconsistent` where the copy is not the same, `internal` where somebody else has the record open
 * @throws SqliteError or the file system's error; a copy may then be there, whole or not, that no key file leads to
 */
export function writeNextDatabase(input: {
  readonly folder: string;
  readonly oldDek: Uint8Array;
  readonly newDek: Uint8Array;
  readonly reached: (step: 'copied') => void;
}): Result<void> {
  const { folder, oldDek, newDek } = input;
  const { current, next } = rotationPaths(folder);
  removeNextDatabase(folder);
  const before = copyUnderKey({ current, next, oldDek, newDek });
  if (before === null || hasSidecar(current)) return err(recordInUse);
  syncFile(next);
  syncFolder(folder);
  input.reached('copied');
  const copy = openReadOnlyDatabase(next, newDek);
  try {
    return isSameDigest(before, digestDatabase(copy, 'main')) && isWholeRecord(copy)
      ? ok(undefined)
      : err(copyDiffers);
  } finally {
    copy.close();
  }
}

/**
 * A sound file, no row without its parent, and the tree that the newest checkpoint describes. Whose signature is on it is
 * the session's question.
 */
export function isWholeRecord(database: ReadableDatabase): boolean {
  if (database.raw.pragma('integrity_check(1)', { simple: true }) !== 'ok') return false;
  const orphan = database.prepare<[], unknown>('SELECT 1 FROM pragma_foreign_key_check LIMIT 1').get();
  if (orphan !== undefined) return false;
  const reader = openLogReader(database);
  const size = reader.size();
  const note = reader.checkpoint(size);
  const checkpoint = note === null ? null : parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  if (checkpoint?.ok !== true || checkpoint.value.size !== size) return false;
  const root = rootOf(size, (level, position) => reader.readNode(level, position));
  return Buffer.from(root).equals(checkpoint.value.rootHash);
}

/** @returns null where another handle holds the record */
function copyUnderKey(input: {
  readonly current: string;
  readonly next: string;
  readonly oldDek: Uint8Array;
  readonly newDek: Uint8Array;
}): DatabaseDigest | null {
  // ATTACH would make an empty one.
  if (!existsSync(input.current)) throw new Error('there is no database to copy');
  const target = openWritableDatabase(input.next, input.newDek, { mustExist: false });
  try {
    // What is half-written when the power goes is thrown away, so nothing has to be able to undo it.
    if (target.raw.pragma('journal_mode=MEMORY', { simple: true }) !== 'memory')
      throw new Error('the copy did not leave write-ahead logging');
    const key = Buffer.concat([Buffer.from('raw:'), input.oldDek]);
    try {
      target.raw.prepare<[string, Buffer]>('ATTACH DATABASE ? AS source KEY ?').run(input.current, key);
    } finally {
      key.fill(0);
    }
    target.raw.pragma('source.synchronous=FULL');
    if (!leaveWriteAheadLog(target)) return null;
    const digest = copyFromSource(target);
    target.execute('DETACH DATABASE source');
    return digest;
  } finally {
    target.close();
  }
}

function leaveWriteAheadLog(target: ReadableDatabase): boolean {
  try {
    return target.raw.pragma('source.journal_mode=DELETE', { simple: true }) === 'delete';
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'SQLITE_BUSY') return false;
    throw cause;
  }
}
