import type { WritableDatabase } from '../database/open-database.ts';

/** What an append writes. There is no statement here that changes or removes a leaf, a node or a text. */
export function prepareLogStatements(database: WritableDatabase) {
  return {
    size: database.prepare<[], { size: number }>('SELECT coalesce(max(seq) + 1, 0) AS size FROM leaves'),
    lastAt: database.prepare<[], { at: string | null }>(
      `SELECT CASE WHEN json_valid(text) THEN text ->> '$.at' END AS at
       FROM (SELECT CAST(leaf AS TEXT) AS text FROM leaves ORDER BY seq DESC LIMIT 1)`,
    ),
    insertLeaf: database.prepare<[number, Uint8Array], never>('INSERT INTO leaves (seq, leaf) VALUES (?, ?)'),
    insertPayload: database.prepare<[number, number, string, Uint8Array, string], never>(
      'INSERT INTO payloads (id, seq, field, salt, text) VALUES (?, ?, ?, ?, ?)',
    ),
    insertNode: database.prepare<[number, Uint8Array], never>(
      'INSERT INTO tree_nodes (id, hash) VALUES (?, ?)',
    ),
    /** Of the tree before the leaf, where it did not leave the machine: there is no other that was not kept. */
    dropCheckpoint: database.prepare<[number], never>('DELETE FROM checkpoints WHERE size = ? AND kept = 0'),
    insertCheckpoint: database.prepare<[number, string], never>(
      'INSERT INTO checkpoints (size, note, kept) VALUES (?, ?, 0)',
    ),
    keepCheckpoint: database.prepare<[number], never>('UPDATE checkpoints SET kept = 1 WHERE size = ?'),
    insertDelta: database.prepare<[string, number, string], never>(
      'INSERT INTO turn_deltas (turn_id, seq, text) VALUES (?, ?, ?)',
    ),
  };
}
