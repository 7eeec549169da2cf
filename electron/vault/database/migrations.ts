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
];

/** @returns the number of migrations that ran; all in one transaction, so a failure leaves the file as it was. */
export function migrate(database: WritableDatabase): number {
  const from = Number(database.raw.pragma('user_version', { simple: true }));
  if (from > migrations.length) throw new Error('database-newer-than-app');
  database.transaction(() => {
    for (const sql of migrations.slice(from)) database.execute(sql);
    database.execute(`PRAGMA user_version = ${migrations.length}`);
  });
  return migrations.length - from;
}
