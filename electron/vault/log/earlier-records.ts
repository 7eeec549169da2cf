import type { ReadableDatabase } from '../database/open-database.ts';
import { nodeId, nodeLinesOf, textId, type LogReader, type Payload } from './log-reader.ts';

/**
 * The records that this one continues, one for each restore from a backup: whole, closed and read-only. They stand in the
 * same encrypted file, so that a change of the database key covers them, in tables of their own, so that no leaf is added
 * to a tree whose key is gone.
 */
export type EarlierRecord = {
  readonly epoch: number;
  readonly origin: string;
  readonly verifierKey: string;
  readonly size: number;
};

/** What ids of one record may take of a table's ids; a record has fewer leaves by far. */
const leavesApart = 2 ** 40;
const partsApart = 64 * leavesApart;
/** Ids stay exact in a double. */
export const maximumEpoch = 100;

export const earlierLeafId = (epoch: number, seq: number): number => epoch * leavesApart + seq;
/** Of a node or a text, whose id within its record is 64 times that of a leaf, and the like. */
export const earlierPartId = (epoch: number, id: number): number => epoch * partsApart + id;

/** Oldest first. */
export function earlierRecords(database: ReadableDatabase): readonly EarlierRecord[] {
  return database
    .prepare<[], EarlierRecord>(
      'SELECT epoch, origin, verifier_key AS verifierKey, size FROM earlier_records ORDER BY epoch',
    )
    .all();
}

/** The same reads as of the record in use. Requests and outcomes are not paired in it. */
export function openEarlierReader(database: ReadableDatabase, { epoch, size }: EarlierRecord): LogReader {
  const leaf = database.prepare<[number], { leaf: Buffer }>('SELECT leaf FROM earlier_leaves WHERE id = ?');
  const leaves = database.prepare<[number, number, number], { index: number; bytes: Buffer }>(
    'SELECT id - ? AS "index", leaf AS bytes FROM earlier_leaves WHERE id >= ? AND id < ? ORDER BY id',
  );
  const node = database.prepare<[number], { hash: Buffer }>('SELECT hash FROM earlier_nodes WHERE id = ?');
  const nodeLines = nodeLinesOf(database, 'earlier_nodes');
  const payloads = database.prepare<[number, number], Payload>(
    'SELECT seq AS "index", field, salt, text FROM earlier_payloads WHERE id >= ? AND id < ? ORDER BY id',
  );
  const signedSize = database.prepare<[number], { size: number | null }>(
    'SELECT max(size) AS size FROM earlier_checkpoints WHERE epoch = ?',
  );
  const checkpoint = database.prepare<[number, number], { note: string }>(
    'SELECT note FROM earlier_checkpoints WHERE epoch = ? AND size = ?',
  );
  const kept = database.prepare<[number], { size: number; note: string }>(
    'SELECT size, note FROM earlier_checkpoints WHERE epoch = ? AND kept = 1 ORDER BY size',
  );
  const first = earlierLeafId(epoch, 0);
  const textsOf = (from: number, to: number): [number, number] => [
    earlierPartId(epoch, textId(from, 0)),
    earlierPartId(epoch, textId(to, 0)),
  ];
  return {
    size: () => size,
    leaf: (seq) => leaf.get(earlierLeafId(epoch, seq))?.leaf ?? null,
    leaves: (upTo, from = 0) => leaves.iterate(first, first + from, first + upTo),
    readNode: (level, position) => node.get(earlierPartId(epoch, nodeId(level, position)))?.hash ?? null,
    nodeLines: (upTo) => nodeLines(earlierPartId(epoch, 0), earlierPartId(epoch, nodeId(0, upTo))),
    payloadsOf: (seq) => payloads.all(...textsOf(seq, seq + 1)),
    payloads: (upTo) => payloads.iterate(...textsOf(0, upTo)),
    checkpoint: (at) => checkpoint.get(epoch, at)?.note ?? null,
    signedSize: () => signedSize.get(epoch)?.size ?? 0,
    keptCheckpoints: () => kept.all(epoch),
    counterpart: () => null,
  };
}
