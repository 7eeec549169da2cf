import { suspicionSchema, type Suspicion } from '../../shared/log-data.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import { facet, localDay, openLogIndex } from './log-index.ts';

/** What there is to say about the record as a whole: who reviewed it, how busy it was, when a checkpoint last left. */
export type LogDigest = {
  /** The first review that this entry is part of. */
  reviewOf(seq: number): Review | null;
  /** The review that goes furthest. */
  lastReview(): Review | null;
  /** Days with entries, in order. Days are YYYY-MM-DD on this computer's wall; both ends are included. */
  activity(from: string, to: string): readonly Day[];
  counts(from: string, to: string): Counts;
  /** Days before the one of `nowMs` that have entries which nobody reviewed. */
  unreviewedDays(nowMs: number): number;
  /** Entries before this one were put into the policy's folder for IT. */
  spooledTo(): number;
  /** What checkpoints from elsewhere said against this record, where no comparison since found it right. */
  lastMismatch(): Suspicion | null;
  /** The newest entry that wrote a checkpoint to somewhere else, and was not followed by one that says it failed. */
  lastDeparture(): { readonly seq: number; readonly at: string } | null;
};

export type Review = {
  readonly actor: string | null;
  readonly at: string;
  readonly upTo: number;
};
type Day = { readonly day: string; readonly entries: number; readonly attention: number };
type Counts = {
  readonly entries: number;
  readonly attention: number;
  readonly requests: number;
  readonly failedSignIns: number;
  readonly breakGlass: number;
};
type Departure = {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly outcome: string;
  /** Why an anchor failed; how many can open what was spooled. */
  readonly detail: string | null;
};

const departures = ['log.exported', 'log.anchored', 'log.anchor-failed', 'log.spooled']
  .map(facet.type)
  .join(' OR ');

const comparisons = ['log.anchored', 'log.anchor-mismatch'].map(facet.type).join(' OR ');

export function openLogDigest(database: WritableDatabase): LogDigest {
  const index = openLogIndex(database);
  const review =
    'SELECT i.actor, i.at, r.last_seq AS upTo FROM reviews AS r JOIN leaf_index AS i USING (seq)';
  const reviewOf = database.prepare<[number, number], Review>(
    `${review} WHERE r.last_seq >= ? AND r.first_seq <= ? ORDER BY r.last_seq LIMIT 1`,
  );
  const lastReview = database.prepare<[], Review>(`${review} ORDER BY r.last_seq DESC LIMIT 1`);
  const attention = "coalesce(sum(entries) FILTER (WHERE outcome = 'attention'), 0) AS attention";
  const activity = database.prepare<[string, string], Day>(
    `SELECT day, sum(entries) AS entries, ${attention}
     FROM activity WHERE day >= ? AND day <= ? GROUP BY day ORDER BY day`,
  );
  const ofType = (type: string, name: string) =>
    `coalesce(sum(entries) FILTER (WHERE type = '${type}'), 0) AS ${name}`;
  const counts = database.prepare<[string, string], Counts>(
    `SELECT coalesce(sum(entries), 0) AS entries, ${attention}, ${ofType('prompt.submitted', 'requests')},
       ${ofType('session.sign-in-failed', 'failedSignIns')}, ${ofType('record.break-glass', 'breakGlass')}
     FROM activity WHERE day >= ? AND day <= ?`,
  );
  const unreviewed = database.prepare<[number, string], { days: number }>(
    'SELECT count(DISTINCT day) AS days FROM activity WHERE last_seq > ? AND day < ?',
  );
  const left = database.prepare<[string], Departure>(
    `SELECT i.seq, i.at, i.type, i.outcome,
       CASE i.type WHEN 'log.anchor-failed' THEN CAST(l.leaf AS TEXT) ->> '$.data.reason'
         WHEN 'log.spooled' THEN CAST(CAST(l.leaf AS TEXT) ->> '$.data.recipients' AS TEXT) END AS detail
     FROM search CROSS JOIN leaf_index AS i ON i.seq = search.rowid JOIN leaves AS l ON l.seq = i.seq
     WHERE search MATCH ? ORDER BY search.rowid DESC`,
  );

  const spooled = database.prepare<[string], { upTo: number }>(
    `SELECT CAST(l.leaf AS TEXT) ->> '$.data.to' AS upTo FROM search CROSS JOIN leaves AS l ON l.seq = search.rowid
     WHERE search MATCH ? ORDER BY search.rowid DESC LIMIT 1`,
  );

  const compared = database.prepare<[string], { data: string }>(
    `SELECT CAST(l.leaf AS TEXT) -> '$.data' AS data FROM search CROSS JOIN leaves AS l ON l.seq = search.rowid
     WHERE search MATCH ? ORDER BY search.rowid DESC LIMIT 1`,
  );

  return {
    reviewOf(seq) {
      index.catchUp();
      return reviewOf.get(seq, seq) ?? null;
    },
    lastReview() {
      index.catchUp();
      return lastReview.get() ?? null;
    },
    activity(from, to) {
      index.catchUp();
      return activity.all(from, to);
    },
    counts(from, to) {
      index.catchUp();
      const found = counts.get(from, to);
      if (found === undefined) throw new Error('a sum has one row');
      return found;
    },
    unreviewedDays(nowMs) {
      index.catchUp();
      return unreviewed.get(lastReview.get()?.upTo ?? -1, localDay(nowMs))?.days ?? 0;
    },
    spooledTo() {
      index.catchUp();
      return spooled.get(`facets : (${facet.type('log.spooled')})`)?.upTo ?? 0;
    },
    lastMismatch() {
      index.catchUp();
      const newest = compared.get(`facets : (${comparisons})`);
      if (newest === undefined) return null;
      const suspicion = suspicionSchema.safeParse(JSON.parse(newest.data));
      return suspicion.success ? suspicion.data : null;
    },
    lastDeparture() {
      index.catchUp();
      return newestThatLeft(left.iterate(`facets : (${departures})`));
    },
  };
}

/** The leaf is written before the file is, and one more leaf where that fails. @param newestFirst closed when found */
function newestThatLeft(newestFirst: Iterable<Departure>): { seq: number; at: string } | null {
  const failed = { export: 0, anchor: 0 };
  for (const { seq, at, type, outcome, detail } of newestFirst) {
    const kind = type === 'log.exported' ? 'export' : 'anchor';
    if (type === 'log.anchor-failed') failed.anchor += detail === 'not-written' ? 1 : 0;
    // Lines alone hold no checkpoint, and this leaf comes when the files are there.
    else if (type === 'log.spooled') {
      if (detail !== '0') return { seq, at };
    } else if (outcome === 'failed' || outcome === 'stopped') failed[kind] += 1;
    else if (failed[kind] > 0) failed[kind] -= 1;
    else return { seq, at };
  }
  return null;
}
