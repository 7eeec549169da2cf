import type { ReadableDatabase } from '../database/open-database.ts';
import type { TreeNode } from './merkle.ts';

/** Reads of the log that both the vault and its worker threads make, on whichever handle they own. */
export type LogReader = {
  size(): number;
  leaf(seq: number): Buffer | null;
  /** In order, from entry `from` (0 where it is not given) to entry `size - 1`. */
  leaves(size: number, from?: number): Iterable<{ readonly index: number; readonly bytes: Uint8Array }>;
  readNode(level: number, position: number): Buffer | null;
  /** The stored nodes of the first `size` leaves as `nodeLine` writes them, in the order of the appends, many at a time. */
  nodeLines(size: number): Iterable<string>;
  payloadsOf(seq: number): readonly Payload[];
  /** In order of index and field, up to `size`. */
  payloads(size: number): Iterable<Payload>;
  checkpoint(size: number): string | null;
  /** Leaves that the largest stored checkpoint signs. */
  signedSize(): number;
  keptCheckpoints(): readonly { readonly size: number; readonly note: string }[];
  counterpart(seq: number): number | null;
};

export type Payload = {
  readonly index: number;
  readonly field: string;
  readonly salt: Uint8Array;
  readonly text: string;
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
  const leaves = database.prepare<[number, number], { index: number; bytes: Buffer }>(
    'SELECT seq AS "index", leaf AS bytes FROM leaves WHERE seq >= ? AND seq < ? ORDER BY seq',
  );
  const node = database.prepare<[number], { hash: Buffer }>('SELECT hash FROM tree_nodes WHERE id = ?');
  const nodeLines = nodeLinesOf(database, 'tree_nodes');
  const payloadsOf = database.prepare<[number, number], Payload>(
    'SELECT seq AS "index", field, salt, text FROM payloads WHERE id >= ? AND id < ? ORDER BY id',
  );
  const payloads = database.prepare<[number], Payload>(
    'SELECT seq AS "index", field, salt, text FROM payloads WHERE id < ? ORDER BY id',
  );
  const signedSize = database.prepare<[], { size: number | null }>(
    'SELECT max(size) AS size FROM checkpoints',
  );
  const checkpoint = database.prepare<[number], { note: string }>(
    'SELECT note FROM checkpoints WHERE size = ?',
  );
  const kept = database.prepare<[], { size: number; note: string }>(
    'SELECT size, note FROM checkpoints WHERE kept = 1 ORDER BY size',
  );
  const counterpart = database.prepare<[number, number, number], { other: number | null }>(
    'SELECT CASE intent_seq WHEN ? THEN outcome_seq ELSE intent_seq END AS other FROM turns WHERE intent_seq = ? OR outcome_seq = ?',
  );
  return {
    size: () => size.get()?.size ?? 0,
    leaf: (seq) => leaf.get(seq)?.leaf ?? null,
    leaves: (upTo, from = 0) => leaves.iterate(from, upTo),
    readNode: (level, position) => node.get(nodeId(level, position))?.hash ?? null,
    nodeLines: (upTo) => nodeLines(0, nodeId(0, upTo)),
    payloadsOf: (seq) => payloadsOf.all(textId(seq, 0), textId(seq + 1, 0)),
    payloads: (upTo) => payloads.iterate(textId(upTo, 0)),
    checkpoint: (at) => checkpoint.get(at)?.note ?? null,
    signedSize: () => signedSize.get()?.size ?? 0,
    keptCheckpoints: () => kept.all(),
    counterpart: (seq) => counterpart.get(seq, seq, seq)?.other ?? null,
  };
}

/** Where a leaf's text stands; `place` is its field's in the order of the names. */
export function textId(seq: number, place: number): number {
  return 64 * seq + place;
}

/** Where a node stands: by the leaf that completed it. Levels are below 64. */
export function nodeId(level: number, position: number): number {
  return 64 * ((position + 1) * 2 ** level - 1) + level;
}

/**
 * Nodes with ids from `first` on and before `end`, which are written as if `first` was 0. Those of 256 leaves are one text: a
 * row for each node takes several times as long, and so does an order of the aggregate's own: the rows come in it anyway. Were they not to,
 * a check would call the record damaged, never whole.
 */
export function nodeLinesOf(database: ReadableDatabase, table: 'tree_nodes' | 'earlier_nodes') {
  const read = database.prepare<[number, number, number], { lines: string }>(
    `SELECT group_concat((id - CAST(? AS INTEGER)) || ' ' || lower(hex(hash)) || char(10), '') AS lines
     FROM (SELECT id, hash FROM ${table} WHERE id >= ? AND id < ? ORDER BY id)
     GROUP BY id >> 14 ORDER BY id >> 14`,
  );
  return function* nodeLines(first: number, end: number): Iterable<string> {
    for (const { lines } of read.iterate(first, first, end)) yield lines;
  };
}

/** One line for a node: where it stands, and its hash in hex. */
export function nodeLine({ level, index, hash }: TreeNode): string {
  return `${nodeId(level, index)} ${Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('hex')}\n`;
}
