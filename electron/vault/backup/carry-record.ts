import { workspaceDraftSchema } from '../../shared/turn-contract.ts';
import type { ReadableDatabase, WritableDatabase } from '../database/open-database.ts';
import {
  earlierLeafId,
  earlierPartId,
  earlierRecords,
  openEarlierReader,
  type EarlierRecord,
} from '../log/earlier-records.ts';
import type { LogReader } from '../log/log-reader.ts';
import { nodeId, openLogReader, textId } from '../log/log-reader.ts';

/**
 * What a restored installation takes over from the database of before: every record, closed, with its texts; accounts,
 * second factors, patients and unfinished drafts. What follows from the entries is not copied, and what belongs to the old
 * computer (its device, its sealed journal) stays there.
 * @param source verified; @param target new, with today's tables and no row
 * @param closing the record that was in use there
 */
export function carryRecord(
  source: ReadableDatabase,
  target: WritableDatabase,
  closing: EarlierRecord,
): void {
  target.transaction(() => {
    for (const record of earlierRecords(source))
      closeRecord(target, record, openEarlierReader(source, record));
    closeRecord(target, closing, openLogReader(source));
    for (const table of carriedTables) copyRows(source, target, table);
    carryDrafts(source, target);
  });
}

const carriedTables = ['patients', 'second_factors', 'recovery_codes', 'accounts', 'applied_policy'] as const;

function closeRecord(target: WritableDatabase, record: EarlierRecord, reader: LogReader): void {
  const { epoch, origin, verifierKey, size } = record;
  const insertLeaf = target.prepare('INSERT INTO earlier_leaves (id, leaf) VALUES (?, ?)');
  const insertNode = target.prepare('INSERT INTO earlier_nodes (id, hash) VALUES (?, ?)');
  const insertText = target.prepare(
    'INSERT INTO earlier_payloads (id, seq, field, salt, text) VALUES (?, ?, ?, ?, ?)',
  );
  const insertCheckpoint = target.prepare(
    'INSERT INTO earlier_checkpoints (epoch, size, note, kept) VALUES (?, ?, ?, ?)',
  );
  for (const { index, bytes } of reader.leaves(size)) {
    insertLeaf.run(earlierLeafId(epoch, index), bytes);
    for (let level = 0; (index + 1) % 2 ** level === 0; level += 1) {
      const position = (index + 1) / 2 ** level - 1;
      insertNode.run(earlierPartId(epoch, nodeId(level, position)), reader.readNode(level, position));
    }
  }
  let [entry, place] = [-1, 0];
  for (const { index, field, salt, text } of reader.payloads(size)) {
    place = index === entry ? place + 1 : 0;
    entry = index;
    insertText.run(earlierPartId(epoch, textId(index, place)), index, field, salt, text);
  }
  const kept = reader.keptCheckpoints();
  for (const { size: at, note } of kept) insertCheckpoint.run(epoch, at, note, 1);
  if (!kept.some((checkpoint) => checkpoint.size === size))
    insertCheckpoint.run(epoch, size, reader.checkpoint(size), 0);
  target
    .prepare('INSERT INTO earlier_records (epoch, origin, verifier_key, size) VALUES (?, ?, ?, ?)')
    .run(epoch, origin, verifierKey, size);
}

function copyRows(source: ReadableDatabase, target: WritableDatabase, table: string): void {
  const columns = source
    .prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => name);
  const insert = target.prepare(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  for (const row of source.prepare<[], Record<string, unknown>>(`SELECT * FROM ${table}`).iterate())
    insert.run(...columns.map((name) => row[name]));
}

/** What somebody was about to ask is kept; an answer that was being edited stands in the earlier record. */
function carryDrafts(source: ReadableDatabase, target: WritableDatabase): void {
  const drafts = source.prepare<[], { userId: string; json: string }>(
    'SELECT user_id AS userId, draft_json AS json FROM workspace_drafts',
  );
  const insert = target.prepare('INSERT INTO workspace_drafts (user_id, draft_json) VALUES (?, ?)');
  for (const { userId, json } of drafts.iterate()) {
    const draft = workspaceDraftSchema.safeParse(JSON.parse(json));
    if (draft.success)
      insert.run(
        userId,
        JSON.stringify({
          ...draft.data,
          turnId: null,
          turnIds: [],
          editedText: null,
          edits: {},
          accepted: {},
        }),
      );
  }
}
