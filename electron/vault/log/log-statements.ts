import type { WritableDatabase } from '../database/open-database.ts';

/** What an append writes. There is no statement here that changes or removes a leaf, a node or a text. */
export function prepareLogStatements(database: WritableDatabase) {
  return {
    size: database.prepare<[], { size: number }>('SELECT coalesce(max(seq) + 1, 0) AS size FROM leaves'),
    lastAt: database.prepare<[], { at: string }>('SELECT at FROM leaf_index ORDER BY seq DESC LIMIT 1'),
    node: database.prepare<[number, number], { hash: Buffer }>(
      'SELECT hash FROM tree_nodes WHERE level = ? AND position = ?',
    ),
    insertLeaf: database.prepare<[number, Uint8Array], never>('INSERT INTO leaves (seq, leaf) VALUES (?, ?)'),
    insertIndex: database.prepare<[number, string, string, string | null, string | null, string], never>(
      'INSERT INTO leaf_index (seq, type, at, actor, patient, outcome) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    insertPayload: database.prepare<[number, string, Uint8Array, string], never>(
      'INSERT INTO payloads (seq, field, salt, text) VALUES (?, ?, ?, ?)',
    ),
    insertNode: database.prepare<[number, number, Uint8Array], never>(
      'INSERT INTO tree_nodes (level, position, hash) VALUES (?, ?, ?)',
    ),
    dropCheckpoints: database.prepare<[], never>('DELETE FROM checkpoints WHERE kept = 0'),
    insertCheckpoint: database.prepare<[number, string], never>(
      'INSERT INTO checkpoints (size, note, kept) VALUES (?, ?, 0)',
    ),
    keepCheckpoint: database.prepare<[number], never>('UPDATE checkpoints SET kept = 1 WHERE size = ?'),
    insertDelta: database.prepare<[string, number, string], never>(
      'INSERT INTO turn_deltas (turn_id, seq, text) VALUES (?, ?, ?)',
    ),
  };
}
