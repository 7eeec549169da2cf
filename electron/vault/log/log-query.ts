import { patientIdSchema, type PatientId, type UserId } from '../../shared/ids.ts';
import { leafOutcomeSchema, type LeafOutcome } from '../../shared/log-data.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import { facet, indexColumns, openLogIndex, type IndexRow } from './log-index.ts';
import { openBeginnings, type Beginnings } from './search-beginnings.ts';

/** The only way to look through the record. Everything asked is answered up to the newest leaf. */
export type LogQuery = {
  /** Newest first, or as `order` says; from the row after `after` on. */
  page(filter: LogFilter, page: Page): readonly ListedRow[];
  row(seq: number): ListedRow | null;
  /** Number of leaves that name this patient. */
  entriesAbout(patient: PatientId): number;
  /** Leaves that correct this one, in order. */
  correctionsOf(seq: number): readonly number[];
  /** Whether a last word is searched for as the beginning of others too, and not only as it stands: too many begin like that. */
  beginsWords(last: string): boolean;
  /** All that were ever named, in the order of their references. */
  patients(): readonly PatientId[];
  /** All that occur; in order. */
  values(kind: 'actor' | 'model'): readonly string[];
};

/** What the asker may see at all; others' rows are neither read nor counted. */
export type Scope =
  | { readonly kind: 'all' }
  /** Leaves that name a patient, of whoever. */
  | { readonly kind: 'about-patients' }
  | { readonly kind: 'own'; readonly actor: UserId; readonly patients: readonly PatientId[] };

export type LogFilter = {
  readonly scope: Scope;
  readonly actor: UserId | null;
  readonly type: LogEventType | null;
  readonly patient: PatientId | null;
  readonly outcome: LeafOutcome | null;
  readonly model: string | null;
  /** Days on this computer's wall, YYYY-MM-DD, both included. */
  readonly from: string | null;
  readonly to: string | null;
  /** All of them stand in the texts; the last one perhaps as the beginning of a word: `beginsWords`. */
  readonly words: readonly string[];
};

export type Page = {
  readonly order: Order;
  /** Seq of the last row of the page before. */
  readonly after: number | null;
  readonly limit: number;
};
export type Order =
  | { readonly by: 'entry'; readonly oldestFirst: boolean }
  /** Groups in this order, in each the newest first; null stands for Cloister itself. */
  | { readonly by: 'actor'; readonly groups: readonly (string | null)[] }
  | { readonly by: 'type' | 'outcome'; readonly groups: readonly string[] }
  /** Null stands for entries about no patient. */
  | { readonly by: 'patient'; readonly groups: readonly (PatientId | null)[] };

export type ListedRow = IndexRow & { readonly patientReference: string | null };

const columns = `${indexColumns}, p.reference AS patientReference`;
const joined = 'LEFT JOIN patients AS p ON p.patient_id = i.patient';

export function openLogQuery(database: WritableDatabase): LogQuery {
  const index = openLogIndex(database);
  const row = database.prepare<[number], ListedRow>(
    `SELECT ${columns} FROM leaf_index AS i ${joined} WHERE i.seq = ?`,
  );
  const about = database.prepare<[string], { entries: number }>(
    'SELECT count(*) AS entries FROM search WHERE search MATCH ?',
  );
  // Few in any record: people write them.
  const corrections = database.prepare<[string, number], { seq: number }>(
    `SELECT l.seq FROM search CROSS JOIN leaves AS l ON l.seq = search.rowid
     WHERE search MATCH ? AND CAST(l.leaf AS TEXT) ->> '$.data.entry' = ? ORDER BY l.seq`,
  );
  const values = database.prepare<[string], { value: string }>(
    'SELECT value FROM index_values WHERE kind = ? ORDER BY value',
  );
  const patients = database.prepare<[], { id: string }>(
    'SELECT patient_id AS id FROM patients ORDER BY reference',
  );
  const span = database.prepare<[string, string], { first: number | null; last: number | null }>(
    'SELECT min(first_seq) AS first, max(last_seq) AS last FROM activity WHERE day >= ? AND day <= ?',
  );
  const statements = preparePages(database);
  const beginnings = openBeginnings(database);

  /** Where in the record these days stand, so that no other part of it is read; the days themselves are checked too. */
  function boundsOf({ from, to }: LogFilter): { readonly first: number; readonly last: number } {
    if (from === null && to === null) return { first: 0, last: Number.MAX_SAFE_INTEGER };
    const found = span.get(from ?? earliestDay, to ?? latestDay);
    return { first: found?.first ?? 0, last: found?.last ?? -1 };
  }

  function read(filter: LogFilter, page: Page, group: string | null): readonly ListedRow[] {
    const bounds = boundsOf(filter);
    const oldestFirst = page.order.by === 'entry' && page.order.oldestFirst;
    const first = oldestFirst && page.after !== null ? Math.max(bounds.first, page.after + 1) : bounds.first;
    const last = !oldestFirst && page.after !== null ? Math.min(bounds.last, page.after - 1) : bounds.last;
    const days = [filter.from ?? earliestDay, filter.to ?? latestDay] as const;
    const match = matchOf(filter, group, beginnings);
    if (match === null) return statements.plain(oldestFirst).all(first, last, ...days, page.limit);
    return statements.matching(oldestFirst).all(match, first, last, ...days, page.limit);
  }

  function readGroups<T extends string | null>(
    filter: LogFilter,
    page: Page,
    groups: readonly T[],
    of: { readonly word: (group: T) => string; readonly column: 'actor' | 'type' | 'outcome' | 'patient' },
  ): readonly ListedRow[] {
    const last = page.after === null ? undefined : row.get(page.after);
    const begin = last === undefined ? 0 : groups.findIndex((group) => group === last[of.column]);
    const rows: ListedRow[] = [];
    for (const [place, group] of groups.entries()) {
      if (place < begin || rows.length >= page.limit) continue;
      const after = place === begin ? page.after : null;
      rows.push(...read(filter, { ...page, after, limit: page.limit - rows.length }, of.word(group)));
    }
    return rows;
  }

  return {
    page(filter, page) {
      index.catchUp();
      const { order } = page;
      switch (order.by) {
        case 'entry':
          return read(filter, page, null);
        case 'actor':
          return readGroups(filter, page, order.groups, { word: facet.actor, column: 'actor' });
        case 'patient':
          return readGroups(filter, page, order.groups, {
            word: (id) => (id === null ? facet.noPatient : facet.patient(id)),
            column: 'patient',
          });
        case 'type':
          return readGroups(filter, page, order.groups, { word: facet.type, column: 'type' });
        case 'outcome':
          return readGroups(filter, page, order.groups, { word: facet.outcome, column: 'outcome' });
      }
    },
    row(seq) {
      index.catchUp();
      return row.get(seq) ?? null;
    },
    entriesAbout(patient) {
      index.catchUp();
      return about.get(`facets : ${facet.patient(patient)}`)?.entries ?? 0;
    },
    correctionsOf(seq) {
      index.catchUp();
      return corrections.all(`facets : ${facet.type('record.corrected')}`, seq).map((found) => found.seq);
    },
    beginsWords(last) {
      index.catchUp();
      return beginnings(last).kind !== 'too-many';
    },
    patients: () => patients.all().map(({ id }) => patientIdSchema.parse(id)),
    values(kind) {
      index.catchUp();
      return values.all(kind).map(({ value }) => value);
    },
  };
}

const earliestDay = '0000-01-01';
const latestDay = '9999-12-31';

/** The words are SQL's constants, so the planner cannot know which of them are rare: the full-text index goes first. */
function preparePages(database: WritableDatabase) {
  const days = 'i.day >= ? AND i.day <= ?';
  const plain = (direction: string) =>
    database.prepare<[number, number, string, string, number], ListedRow>(
      `SELECT ${columns} FROM leaf_index AS i ${joined}
       WHERE i.seq >= ? AND i.seq <= ? AND ${days} ORDER BY i.seq ${direction} LIMIT ?`,
    );
  const matching = (direction: string) =>
    database.prepare<[string, number, number, string, string, number], ListedRow>(
      `SELECT ${columns} FROM search CROSS JOIN leaf_index AS i ON i.seq = search.rowid ${joined}
       WHERE search MATCH ? AND search.rowid >= ? AND search.rowid <= ? AND ${days}
       ORDER BY search.rowid ${direction} LIMIT ?`,
    );
  const all = {
    plain: [plain('DESC'), plain('ASC')],
    matching: [matching('DESC'), matching('ASC')],
  } as const;
  return {
    plain: (oldestFirst: boolean) => all.plain[oldestFirst ? 1 : 0],
    matching: (oldestFirst: boolean) => all.matching[oldestFirst ? 1 : 0],
  };
}

/** @returns null where every leaf fits */
function matchOf(
  filter: LogFilter,
  group: string | null,
  beginnings: ReturnType<typeof openBeginnings>,
): string | null {
  const facets = [
    ...scopeWords(filter.scope),
    ...(filter.actor === null ? [] : [facet.actor(filter.actor)]),
    ...(filter.type === null ? [] : [facet.type(filter.type)]),
    ...(filter.patient === null ? [] : [facet.patient(filter.patient)]),
    ...(filter.outcome === null ? [] : [facet.outcome(filter.outcome)]),
    ...(filter.model === null ? [] : [facet.model(filter.model)]),
    ...(group === null || group === facet.noPatient ? [] : [group]),
  ];
  const parts = [
    ...facets.map((words) => `facets : ${words}`),
    ...filter.words.map((typed, place) =>
      place === filter.words.length - 1
        ? `text : ${lastWord(typed, beginnings(typed))}`
        : `text : ${quoted(typed)}`,
    ),
  ];
  if (group === facet.noPatient)
    return `(${[`facets : ${anyOutcome}`, ...parts].join(' AND ')}) NOT facets : ${facet.anyPatient}`;
  return parts.length === 0 ? null : parts.join(' AND ');
}

/** Every entry has one: the index has no word for all entries. */
const anyOutcome = `(${leafOutcomeSchema.options.map(facet.outcome).join(' OR ')})`;

function scopeWords(scope: Scope): readonly string[] {
  if (scope.kind === 'all') return [];
  if (scope.kind === 'about-patients') return [facet.anyPatient];
  return [`(${[facet.actor(scope.actor), ...scope.patients.map(facet.patient)].join(' OR ')})`];
}

/** Nothing that a person types is an operator then. */
const quoted = (word: string): string => `"${word.replaceAll('"', '""')}"`;

function lastWord(typed: string, found: Beginnings): string {
  switch (found.kind) {
    case 'words':
      return `(${[typed, ...found.words].map(quoted).join(' OR ')})`;
    case 'too-many':
      return quoted(typed);
    case 'other-letters':
      return `${quoted(typed)}*`;
  }
}
