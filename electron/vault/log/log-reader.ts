import type { Entry, PatientId, UserId } from '../../shared/ids.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import type { ReadableDatabase } from '../database/open-database.ts';

/** Reads of the log that both the vault and its worker threads make, on whichever handle they own. */
export type LogReader = {
  size(): number;
  leaf(seq: number): Buffer | null;
  leaves(size: number): Iterable<{ readonly index: number; readonly bytes: Uint8Array }>;
  readNode(level: number, position: number): Buffer | null;
  payloadsOf(seq: number): readonly Payload[];
  /** In order of index and field, up to `size`. */
  payloads(size: number): Iterable<Payload>;
  checkpoint(size: number): string | null;
  keptCheckpoints(): readonly { readonly size: number; readonly note: string }[];
  page(filter: PageFilter): readonly IndexRow[];
  /** Number of leaves that name this patient. */
  entriesAbout(patient: PatientId): number;
  counterpart(seq: number): number | null;
};

export type Payload = {
  readonly index: number;
  readonly field: string;
  readonly salt: Uint8Array;
  readonly text: string;
};
export type PageFilter = {
  readonly before: Entry | null;
  readonly limit: number;
  readonly actor: UserId | null;
  readonly type: LogEventType | null;
  readonly patient: PatientId | null;
  /** Leaves that name a patient, of whoever. */
  readonly onlyAboutPatients: boolean;
};
export type IndexRow = {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly actor: string | null;
  readonly patient: string | null;
  readonly patientReference: string | null;
  readonly outcome: string;
};

/**
 * Reads the log as it is now until the handle is closed, whatever is appended meanwhile: the writer drops the newest
 * checkpoint with each leaf, so a long check without a snapshot would miss it.
 */
export function openSnapshotReader(database: ReadableDatabase): LogReader {
  database.raw.exec('BEGIN');
  const reader = openLogReader(database);
  // The snapshot is taken by the first read.
  reader.size();
  return reader;
}

export function openLogReader(database: ReadableDatabase): LogReader {
  const size = database.prepare<[], { size: number }>('SELECT coalesce(max(seq) + 1, 0) AS size FROM leaves');
  const leaf = database.prepare<[number], { leaf: Buffer }>('SELECT leaf FROM leaves WHERE seq = ?');
  const leaves = database.prepare<[number], { index: number; bytes: Buffer }>(
    'SELECT seq AS "index", leaf AS bytes FROM leaves WHERE seq < ? ORDER BY seq',
  );
  const node = database.prepare<[number, number], { hash: Buffer }>(
    'SELECT hash FROM tree_nodes WHERE level = ? AND position = ?',
  );
  const payloadsOf = database.prepare<[number], Payload>(
    'SELECT seq AS "index", field, salt, text FROM payloads WHERE seq = ? ORDER BY field',
  );
  const payloads = database.prepare<[number], Payload>(
    'SELECT seq AS "index", field, salt, text FROM payloads WHERE seq < ? ORDER BY seq, field',
  );
  const checkpoint = database.prepare<[number], { note: string }>(
    'SELECT note FROM checkpoints WHERE size = ?',
  );
  const kept = database.prepare<[], { size: number; note: string }>(
    'SELECT size, note FROM checkpoints WHERE kept = 1 ORDER BY size',
  );
  const page = database.prepare<
    [
      number,
      string | null,
      string | null,
      string | null,
      string | null,
      string | null,
      string | null,
      number,
      number,
    ],
    IndexRow
  >(
    `SELECT i.seq, i.type, i.at, i.actor, i.patient, p.reference AS patientReference, i.outcome
     FROM leaf_index AS i LEFT JOIN patients AS p ON p.patient_id = i.patient
     WHERE i.seq < ? AND (? IS NULL OR i.actor = ?) AND (? IS NULL OR i.type = ?)
       AND (? IS NULL OR i.patient = ?) AND (? = 0 OR i.patient IS NOT NULL)
     ORDER BY i.seq DESC LIMIT ?`,
  );
  const about = database.prepare<[string], { entries: number }>(
    'SELECT count(*) AS entries FROM leaf_index WHERE patient = ?',
  );
  const counterpart = database.prepare<[number, number, number], { other: number | null }>(
    'SELECT CASE intent_seq WHEN ? THEN outcome_seq ELSE intent_seq END AS other FROM turns WHERE intent_seq = ? OR outcome_seq = ?',
  );
  return {
    size: () => size.get()?.size ?? 0,
    leaf: (seq) => leaf.get(seq)?.leaf ?? null,
    leaves: (upTo) => leaves.iterate(upTo),
    readNode: (level, position) => node.get(level, position)?.hash ?? null,
    payloadsOf: (seq) => payloadsOf.all(seq),
    payloads: (upTo) => payloads.iterate(upTo),
    checkpoint: (at) => checkpoint.get(at)?.note ?? null,
    keptCheckpoints: () => kept.all(),
    page: (filter) =>
      page.all(
        filter.before ?? Number.MAX_SAFE_INTEGER,
        filter.actor,
        filter.actor,
        filter.type,
        filter.type,
        filter.patient,
        filter.patient,
        filter.onlyAboutPatients ? 1 : 0,
        filter.limit,
      ),
    entriesAbout: (patient) => about.get(patient)?.entries ?? 0,
    counterpart: (seq) => counterpart.get(seq, seq, seq)?.other ?? null,
  };
}
