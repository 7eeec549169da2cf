import type { WritableDatabase } from '../database/open-database.ts';
import type { LogIndex } from '../log/log-index.ts';
import { textId } from '../log/log-reader.ts';

/**
 * Deletes the texts and salts of up to `limit` entries below `to`, oldest first, and takes their words out of the index.
 * `secure_delete` overwrites what they stood in; a leaf that covers them was written before (a trigger asks for it).
 * @returns entries that lost their texts; fewer than `limit` at the end
 */
export function deleteTexts(
  database: WritableDatabase,
  index: Pick<LogIndex, 'forgetTexts'>,
  to: number,
  limit: number,
): number {
  const found = database
    .prepare<[number, number], { seq: number }>(
      'SELECT DISTINCT seq FROM payloads WHERE id < ? ORDER BY id LIMIT ?',
    )
    .all(textId(to, 0), limit);
  const remove = database.prepare<[number, number], never>('DELETE FROM payloads WHERE id >= ? AND id < ?');
  database.transaction(() => {
    for (const { seq } of found) {
      index.forgetTexts(seq);
      remove.run(textId(seq, 0), textId(seq + 1, 0));
    }
  });
  return found.length;
}

/** To be called after the last of them: drafts of people who have not signed in since `before` go as well. */
export function forgetDrafts(database: WritableDatabase, before: string): void {
  database
    .prepare<[string], never>(
      'DELETE FROM workspace_drafts WHERE user_id IN (SELECT user_id FROM accounts WHERE last_sign_in_at < ?)',
    )
    .run(before);
}

/**
 * Empties the write-ahead log, in which the pages of before stand.
 * @returns false while another thread reads the record, an export or a check: then it is to be tried again
 */
export function emptyWriteAheadLog(database: WritableDatabase): boolean {
  const patience = Number(database.raw.pragma('busy_timeout', { simple: true }));
  // A check of a large record takes minutes, and nobody who types may wait for it.
  database.raw.pragma('busy_timeout=0');
  try {
    return database.raw.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0;
  } finally {
    database.raw.pragma(`busy_timeout=${patience}`);
  }
}
