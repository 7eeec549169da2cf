/** Migration 5. The one way on which a recorded text goes: after a leaf that says so. See `../retention/`. */
export const retentionTables = `
  -- Written in the transaction of the leaf "retention.applied" with this seq.
  CREATE TABLE retention_steps (
    seq INTEGER PRIMARY KEY REFERENCES leaves (seq),
    covered_to INTEGER NOT NULL
  ) STRICT;
  CREATE TRIGGER retention_steps_no_update BEFORE UPDATE ON retention_steps
    BEGIN SELECT RAISE(ABORT, 'a step of retention is never changed'); END;
  CREATE TRIGGER retention_steps_no_delete BEFORE DELETE ON retention_steps
    BEGIN SELECT RAISE(ABORT, 'a step of retention is never removed'); END;
  CREATE TRIGGER retention_steps_is_a_leaf BEFORE INSERT ON retention_steps
    WHEN NOT EXISTS (
      SELECT 1 FROM leaves WHERE seq = NEW.seq
        AND CAST(leaf AS TEXT) ->> '$.event' = 'retention.applied'
        AND CAST(leaf AS TEXT) ->> '$.data.to' = NEW.covered_to
    )
    BEGIN SELECT RAISE(ABORT, 'a step of retention is a leaf'); END;
  DROP TRIGGER payloads_no_delete;
  CREATE TRIGGER payloads_no_delete BEFORE DELETE ON payloads
    WHEN OLD.seq >= (SELECT coalesce(max(covered_to), 0) FROM retention_steps)
    BEGIN SELECT RAISE(ABORT, 'a recorded text is removed by retention only'); END;
  `;
