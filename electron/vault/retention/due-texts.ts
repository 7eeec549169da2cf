import type { ReadableDatabase } from '../database/open-database.ts';
import { localDay } from '../log/log-index.ts';
import { textId } from '../log/log-reader.ts';

/** Whose time is over. */
export type DueTexts = {
  /** The texts of all entries below this one; each of them was written before `before`. */
  readonly to: number;
  /** UTC. */
  readonly before: string;
  /** Entries among them that still have a text. */
  readonly entries: number;
  /** When the oldest of those was written. */
  readonly oldestAt: string;
};

const dayMs = 24 * 3_600_000;

/**
 * Entries stand in the order in which they were written, so what is due is a beginning of the record: up to the first entry
 * that is too young, whatever comes after it. Days are compared by this computer's calendar, which may have lain in another
 * time zone then: two days are waited for longer.
 * @param nowMs what the clock says now
 * @returns null where nothing is due
 */
export function dueTexts(database: ReadableDatabase, years: number, nowMs: number): DueTexts | null {
  const before = new Date(nowMs);
  before.setUTCFullYear(before.getUTCFullYear() - years);
  const firstDayKept = localDay(before.getTime() - 2 * dayMs);
  const { to } = database
    .prepare<[string], { to: number }>(
      `SELECT coalesce(min(first_seq), (SELECT count(*) FROM leaves)) AS "to" FROM activity WHERE day >= ?`,
    )
    .get(firstDayKept) ?? { to: 0 };
  const found = database
    .prepare<[number], { entries: number; oldest: number | null }>(
      'SELECT count(DISTINCT seq) AS entries, min(seq) AS oldest FROM payloads WHERE id < ?',
    )
    .get(textId(to, 0));
  if (found === undefined || found.oldest === null) return null;
  const oldest = database
    .prepare<[number], { at: string }>('SELECT at FROM leaf_index WHERE seq = ?')
    .get(found.oldest);
  if (oldest === undefined) return null;
  return { to, before: before.toISOString(), entries: found.entries, oldestAt: oldest.at };
}
