import { earlierRecordTables } from './earlier-record-tables.ts';
import { retentionTables } from './retention-tables.ts';
import { sourceReadingTables } from './source-reading-tables.ts';
import type { WritableDatabase } from './open-database.ts';

/**
 * Numbered migrations; `user_version` is the number of the last one that ran. Leaves, tree nodes and payloads have no
 * UPDATE or DELETE path: the triggers hold also against INSERT OR REPLACE because `recursive_triggers` is on.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE leaves (
    seq INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL
  ) STRICT;
  CREATE TRIGGER leaves_in_order BEFORE INSERT ON leaves
    WHEN NEW.seq <> (SELECT coalesce(max(seq) + 1, 0) FROM leaves)
    BEGIN SELECT RAISE(ABORT, 'a leaf is only ever added at the end'); END;
  CREATE TRIGGER leaves_no_update BEFORE UPDATE ON leaves
    BEGIN SELECT RAISE(ABORT, 'a leaf is never changed'); END;
  CREATE TRIGGER leaves_no_delete BEFORE DELETE ON leaves
    BEGIN SELECT RAISE(ABORT, 'a leaf is never removed'); END;

  CREATE TABLE tree_nodes (
    level INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER tree_nodes_no_update BEFORE UPDATE ON tree_nodes
    BEGIN SELECT RAISE(ABORT, 'a tree node is never changed'); END;
  CREATE TRIGGER tree_nodes_no_delete BEFORE DELETE ON tree_nodes
    BEGIN SELECT RAISE(ABORT, 'a tree node is never removed'); END;

  -- The newest checkpoint, and those that left the machine (kept = 1).
  CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL,
    kept INTEGER NOT NULL CHECK (kept IN (0, 1))
  ) STRICT;
  CREATE TRIGGER checkpoints_kept_stay BEFORE DELETE ON checkpoints WHEN OLD.kept = 1
    BEGIN SELECT RAISE(ABORT, 'an exported checkpoint is never removed'); END;

  CREATE TABLE payloads (
    seq INTEGER NOT NULL REFERENCES leaves (seq),
    field TEXT NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    text TEXT NOT NULL,
    PRIMARY KEY (seq, field)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER payloads_no_update BEFORE UPDATE ON payloads
    BEGIN SELECT RAISE(ABORT, 'a recorded text is never changed'); END;
  CREATE TRIGGER payloads_no_delete BEFORE DELETE ON payloads
    BEGIN SELECT RAISE(ABORT, 'a recorded text is removed by retention only'); END;

  -- What the log page filters by; derived from the leaves, never the other way round.
  CREATE TABLE leaf_index (
    seq INTEGER PRIMARY KEY REFERENCES leaves (seq),
    type TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT,
    patient TEXT,
    outcome TEXT NOT NULL
  ) STRICT;
  CREATE INDEX leaf_index_by_actor ON leaf_index (actor, seq);
  CREATE INDEX leaf_index_by_type ON leaf_index (type, seq);

  -- A patient's id is random: a keyed hash of the record number could be guessed by whoever holds the key.
  CREATE TABLE patients (
    patient_id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE turns (
    turn_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    patient_id TEXT NOT NULL REFERENCES patients (patient_id),
    intent_seq INTEGER NOT NULL UNIQUE REFERENCES leaves (seq),
    outcome_seq INTEGER UNIQUE REFERENCES leaves (seq),
    -- The TurnEnd that the page was sent, as JSON.
    end_json TEXT
  ) STRICT;
  CREATE INDEX turns_open ON turns (intent_seq) WHERE outcome_seq IS NULL;

  -- Pieces of a running answer: each is durable before it is shown. Folded into the response's payload at the end.
  CREATE TABLE turn_deltas (
    turn_id TEXT NOT NULL REFERENCES turns (turn_id),
    seq INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (turn_id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE workspace_drafts (
    user_id TEXT PRIMARY KEY,
    draft_json TEXT NOT NULL
  ) STRICT;

  CREATE TABLE installation (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    device_id TEXT NOT NULL,
    origin TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- Secrets of sealed journals: what is written while nobody is signed in can be read with these alone. A row goes when
  -- another journal has taken its place; the column folded counts the steps that are leaves already, so that none is told twice.
  CREATE TABLE sealed_journals (
    journal_id TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    chain_key BLOB NOT NULL CHECK (length(chain_key) = 32),
    folded INTEGER NOT NULL
  ) STRICT;

  -- Seeds stand here and nowhere else.
  CREATE TABLE second_factors (
    user_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    secret BLOB NOT NULL,
    last_step INTEGER NOT NULL,
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    enrolled_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL,
    code_hash BLOB NOT NULL,
    used_at TEXT,
    PRIMARY KEY (user_id, code_hash)
  ) STRICT;

  CREATE TABLE accounts (
    user_id TEXT PRIMARY KEY,
    must_change_passphrase INTEGER NOT NULL CHECK (must_change_passphrase IN (0, 1)),
    passphrase_set_at TEXT,
    last_sign_in_at TEXT
  ) STRICT;

  -- The policy that was last recorded, so that only a change is an event.
  CREATE TABLE applied_policy (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    sha256 TEXT,
    version INTEGER,
    highest_version INTEGER,
    problem TEXT
  ) STRICT;

  CREATE INDEX leaf_index_by_patient ON leaf_index (patient, seq) WHERE patient IS NOT NULL;
  `,
  `
  -- Nodes in the order in which appends make them, so that an append writes to one page: id = 64 * seq + level, where seq is
  -- the leaf that completed the node, ((position + 1) << level) - 1.
  CREATE TABLE nodes_by_append (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
  ) STRICT;
  INSERT INTO nodes_by_append (id, hash)
    SELECT 64 * (((position + 1) << level) - 1) + level AS id, hash FROM tree_nodes ORDER BY id;
  DROP TABLE tree_nodes;
  ALTER TABLE nodes_by_append RENAME TO tree_nodes;
  CREATE TRIGGER tree_nodes_no_update BEFORE UPDATE ON tree_nodes
    BEGIN SELECT RAISE(ABORT, 'a tree node is never changed'); END;
  CREATE TRIGGER tree_nodes_no_delete BEFORE DELETE ON tree_nodes
    BEGIN SELECT RAISE(ABORT, 'a tree node is never removed'); END;

  -- Texts in the order of their leaves and fields, with a plain key: by a key of two columns a longer text had a page to itself.
  CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL REFERENCES leaves (seq),
    field TEXT NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    text TEXT NOT NULL
  ) STRICT;
  INSERT INTO texts (id, seq, field, salt, text)
    SELECT 64 * seq + row_number() OVER (PARTITION BY seq ORDER BY field) - 1, seq, field, salt, text
    FROM payloads ORDER BY seq, field;
  DROP TABLE payloads;
  ALTER TABLE texts RENAME TO payloads;
  CREATE TRIGGER payloads_no_update BEFORE UPDATE ON payloads
    BEGIN SELECT RAISE(ABORT, 'a recorded text is never changed'); END;
  CREATE TRIGGER payloads_no_delete BEFORE DELETE ON payloads
    BEGIN SELECT RAISE(ABORT, 'a recorded text is removed by retention only'); END;

  -- What follows is derived from leaves and texts by log-index.ts, never the other way round, and may be some leaves behind:
  -- it ends at the largest seq of leaf_index. Emptied here, it is filled anew before the first look.
  DROP TABLE leaf_index;
  CREATE TABLE leaf_index (
    seq INTEGER PRIMARY KEY REFERENCES leaves (seq),
    type TEXT NOT NULL,
    at TEXT NOT NULL,
    -- Calendar day of at, as clocks on the wall of this computer showed it.
    day TEXT NOT NULL,
    actor TEXT,
    patient TEXT,
    outcome TEXT NOT NULL,
    model TEXT
  ) STRICT;

  -- How many entries a day had, and where in the record they stand.
  CREATE TABLE activity (
    day TEXT NOT NULL,
    type TEXT NOT NULL,
    outcome TEXT NOT NULL,
    entries INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (day, type, outcome)
  ) STRICT, WITHOUT ROWID;

  -- Each actor and model that occurs.
  CREATE TABLE index_values (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, value)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE reviews (
    seq INTEGER PRIMARY KEY REFERENCES leaves (seq),
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX reviews_by_end ON reviews (last_seq);

  -- One row a leaf, by its seq: the words of its texts, and one word for each thing that the list is filtered by. Without
  -- contents of its own: texts stand in payloads alone. With contentless_delete a removed text's words would stay in the
  -- index; so a text is removed by the command that is given the old text, and secure-delete takes its words out at once.
  CREATE VIRTUAL TABLE search USING fts5(
    text, facets, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2'
  );
  INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
  `,
  earlierRecordTables,
  retentionTables,
  sourceReadingTables,
];

/** A file that a later version of the app wrote: this one does not know what it may write there. */
export class NewerDatabaseError extends Error {}

/** The version of a file that this app writes. */
export const newestDatabaseVersion = migrations.length;

/**
 * @param to for tests of what an older file becomes
 * @returns the number of migrations that ran; all in one transaction, so a failure leaves the file as it was
 */
export function migrate(database: WritableDatabase, to = migrations.length): number {
  const from = Number(database.raw.pragma('user_version', { simple: true }));
  if (from > migrations.length) throw new NewerDatabaseError();
  database.transaction(() => {
    for (const sql of migrations.slice(from, to)) database.execute(sql);
    database.execute(`PRAGMA user_version = ${Math.max(from, to)}`);
  });
  return Math.max(0, to - from);
}
