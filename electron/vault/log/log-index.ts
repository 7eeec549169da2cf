import type { WritableDatabase } from '../database/open-database.ts';
import { logEventTypeSchema } from '../../shared/log-event-types.ts';
import type { LeafEnvelope } from './leaf.ts';
import { parseLeaf } from './leaves-of.ts';
import { textId } from './log-reader.ts';

/**
 * What the record is looked through by: one row a leaf, its words, the days. All of it is derived from the leaves and
 * their texts. It is filled some leaves at a time, because the same pages are then encrypted and written once and not once
 * for each leaf; every look brings it up to the newest leaf first, so nobody sees that it was behind.
 */
export type LogIndex = {
  /** Up to the newest leaf, in transactions of its own. */
  catchUp(): void;
  /** What an append just committed. From time to time this catches up, so that a look never has much to wait for. */
  appended(leaves: number, characters: number): void;
  /** Takes the words of a leaf's texts out of the index, without trace; before the texts themselves go. */
  forgetTexts(seq: number): void;
};

export type IndexRow = {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly day: string;
  readonly actor: string | null;
  readonly patient: string | null;
  readonly outcome: string;
  /** Id of the model that an entry is about; null for entries about none. */
  readonly model: string | null;
};

export const indexColumns = 'i.seq, i.type, i.at, i.day, i.actor, i.patient, i.outcome, i.model';

const leavesAtOnce = 500;
const leavesBehind = 32;
const charactersBehind = 200_000;
/** The same in every request, and what was searched for: both would only hide what was written. */
const notSearched = ['system', 'query'];
export const isSearched = (field: string): boolean => !notSearched.includes(field);

export function openLogIndex(database: WritableDatabase): LogIndex {
  const statements = prepareStatements(database);
  let behind = { leaves: 0, characters: 0 };

  function modelOf({ data }: LeafEnvelope): string | null {
    if (typeof data['modelId'] === 'string') return data['modelId'];
    const { intent, turn } = data;
    if (typeof intent === 'number') return statements.modelOf.get(intent)?.model ?? null;
    return typeof turn === 'string' ? (statements.modelOfTurn.get(turn)?.model ?? null) : null;
  }

  function add(seq: number, bytes: Buffer): void {
    const leaf = parseLeaf(bytes);
    // What is no leaf the check of the record names; the rest can still be looked through.
    if (leaf === null || !logEventTypeSchema.safeParse(leaf.event).success) return;
    const { event: type, at, actor, patient, outcome } = leaf;
    const row = { seq, type, at, day: localDay(at), actor: actor.id, patient, outcome, model: modelOf(leaf) };
    statements.insertRow.run(seq, type, at, row.day, row.actor, patient, outcome, row.model);
    statements.countDay.run(row.day, type, outcome, seq, seq);
    if (row.actor !== null) statements.insertValue.run('actor', row.actor);
    if (row.model !== null) statements.insertValue.run('model', row.model);
    const { from, to } = leaf.data;
    if (type === 'record.reviewed' && typeof from === 'number' && typeof to === 'number')
      statements.insertReview.run(seq, from, to);
    statements.insertWords.run(seq, textOf(seq), facetsOf(row));
  }

  function textOf(seq: number): string {
    const texts = statements.texts
      .all(textId(seq, 0), textId(seq + 1, 0))
      .filter(({ field }) => isSearched(field));
    return texts.map(({ text }) => text).join('\n');
  }

  function catchUp(): void {
    behind = { leaves: 0, characters: 0 };
    let next = statements.next.get()?.next ?? 0;
    for (;;) {
      const batch = statements.leaves.all(next, leavesAtOnce);
      const last = batch.at(-1);
      if (last === undefined) return;
      database.transaction(() => {
        for (const { seq, leaf } of batch) add(seq, leaf);
      });
      next = last.seq + 1;
    }
  }

  return {
    catchUp,
    appended(leaves, characters) {
      behind = { leaves: behind.leaves + leaves, characters: behind.characters + characters };
      if (behind.leaves < leavesBehind && behind.characters < charactersBehind) return;
      try {
        catchUp();
      } catch {
        // The leaf is committed, which is what the caller was promised; the next look tries again and says what is wrong.
      }
    },
    forgetTexts(seq) {
      catchUp();
      database.transaction(() => {
        const row = statements.row.get(seq);
        if (row === undefined) return;
        const facets = facetsOf(row);
        statements.removeWords.run(seq, textOf(seq), facets);
        statements.insertWords.run(seq, '', facets);
      });
    },
  };
}

/** One word for each thing to filter by, of letters and digits alone. */
export const facet = {
  actor: (id: string | null) => word('u', id),
  type: (type: string) => word('t', type),
  patient: (id: string) => word('p', id),
  anyPatient: 'xp',
  /** In no index: stands for those without `anyPatient`. */
  noPatient: 'xpnone',
  outcome: (outcome: string) => word('o', outcome),
  model: (model: string) => word('m', model),
} as const;

function word(kind: string, value: string | null): string {
  return value === null ? `x${kind}none` : `x${kind}${Buffer.from(value).toString('hex')}`;
}

function facetsOf(row: IndexRow): string {
  const words = [facet.actor(row.actor), facet.type(row.type), facet.outcome(row.outcome)];
  if (row.patient !== null) words.push(facet.anyPatient, facet.patient(row.patient));
  if (row.model !== null) words.push(facet.model(row.model));
  return words.join(' ');
}

/** @returns YYYY-MM-DD in this computer's time zone */
export function localDay(at: string | number): string {
  const date = new Date(at);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Of the times that leaves can have. */
const earliest = Date.parse('0000-01-01T00:00:00.000Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

/** @param day YYYY-MM-DD in this computer's time zone @param later days later @returns when it begins, in UTC */
export function startOfLocalDay(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const start = new Date(0);
  start.setFullYear(year, month - 1, date + later);
  start.setHours(0, 0, 0, 0);
  return new Date(Math.min(Math.max(start.getTime(), earliest), latest)).toISOString();
}

function prepareStatements(database: WritableDatabase) {
  return {
    next: database.prepare<[], { next: number }>('SELECT coalesce(max(seq) + 1, 0) AS next FROM leaf_index'),
    leaves: database.prepare<[number, number], { seq: number; leaf: Buffer }>(
      'SELECT seq, leaf FROM leaves WHERE seq >= ? ORDER BY seq LIMIT ?',
    ),
    row: database.prepare<[number], IndexRow>(`SELECT ${indexColumns} FROM leaf_index AS i WHERE seq = ?`),
    modelOf: database.prepare<[number], { model: string | null }>(
      'SELECT model FROM leaf_index WHERE seq = ?',
    ),
    modelOfTurn: database.prepare<[string], { model: string | null }>(
      'SELECT i.model FROM turns AS t JOIN leaf_index AS i ON i.seq = t.intent_seq WHERE t.turn_id = ?',
    ),
    texts: database.prepare<[number, number], { field: string; text: string }>(
      'SELECT field, text FROM payloads WHERE id >= ? AND id < ? ORDER BY id',
    ),
    insertRow: database.prepare<
      [number, string, string, string, string | null, string | null, string, string | null],
      never
    >(
      'INSERT INTO leaf_index (seq, type, at, day, actor, patient, outcome, model) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    countDay: database.prepare<[string, string, string, number, number], never>(
      `INSERT INTO activity (day, type, outcome, entries, first_seq, last_seq) VALUES (?, ?, ?, 1, ?, ?)
       ON CONFLICT DO UPDATE SET entries = entries + 1, last_seq = excluded.last_seq`,
    ),
    insertValue: database.prepare<[string, string], never>(
      'INSERT INTO index_values (kind, value) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    insertReview: database.prepare<[number, number, number], never>(
      'INSERT INTO reviews (seq, first_seq, last_seq) VALUES (?, ?, ?)',
    ),
    insertWords: database.prepare<[number, string, string], never>(
      'INSERT INTO search (rowid, text, facets) VALUES (?, ?, ?)',
    ),
    removeWords: database.prepare<[number, string, string], never>(
      "INSERT INTO search (search, rowid, text, facets) VALUES ('delete', ?, ?, ?)",
    ),
  };
}
