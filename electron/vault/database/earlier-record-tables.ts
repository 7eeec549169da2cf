/** Migration 4. Records that this one continues after a restore: see `../log/earlier-records.ts`. */
export const earlierRecordTables = `
  -- Written once, by the restore, and closed.
  CREATE TABLE earlier_leaves (id INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT;
  CREATE TABLE earlier_nodes (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
  ) STRICT;
  CREATE TABLE earlier_payloads (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    field TEXT NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    text TEXT NOT NULL
  ) STRICT;
  CREATE TABLE earlier_checkpoints (
    epoch INTEGER NOT NULL,
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    kept INTEGER NOT NULL CHECK (kept IN (0, 1)),
    PRIMARY KEY (epoch, size)
  ) STRICT, WITHOUT ROWID;
  -- The last row to be written of each: from then on nothing is added to it.
  CREATE TABLE earlier_records (
    epoch INTEGER PRIMARY KEY CHECK (epoch BETWEEN 0 AND 99),
    origin TEXT NOT NULL,
    verifier_key TEXT NOT NULL,
    size INTEGER NOT NULL
  ) STRICT;
  ${closedTables(['earlier_leaves', 'earlier_nodes', 'earlier_payloads', 'earlier_checkpoints', 'earlier_records'])}
  CREATE TRIGGER earlier_leaves_no_insert BEFORE INSERT ON earlier_leaves
    WHEN EXISTS (SELECT 1 FROM earlier_records WHERE epoch = NEW.id >> 40)
    BEGIN SELECT RAISE(ABORT, 'an earlier record is closed'); END;
  CREATE TRIGGER earlier_nodes_no_insert BEFORE INSERT ON earlier_nodes
    WHEN EXISTS (SELECT 1 FROM earlier_records WHERE epoch = NEW.id >> 46)
    BEGIN SELECT RAISE(ABORT, 'an earlier record is closed'); END;
  CREATE TRIGGER earlier_payloads_no_insert BEFORE INSERT ON earlier_payloads
    WHEN EXISTS (SELECT 1 FROM earlier_records WHERE epoch = NEW.id >> 46)
    BEGIN SELECT RAISE(ABORT, 'an earlier record is closed'); END;
  `;

function closedTables(names: readonly string[]): string {
  return names
    .flatMap((name) => ['UPDATE', 'DELETE'].map((deed) => ({ name, deed })))
    .map(
      ({ name, deed }) =>
        `CREATE TRIGGER ${name}_no_${deed.toLowerCase()} BEFORE ${deed} ON ${name}
    BEGIN SELECT RAISE(ABORT, 'an earlier record is closed'); END;`,
    )
    .join('\n  ');
}
