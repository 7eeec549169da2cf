/** Migration 6. Sources that the model read ahead: an intent leaf each, and its outcome. */
export const sourceReadingTables = `
  CREATE TABLE source_readings (
    evaluation_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    patient_id TEXT NOT NULL REFERENCES patients (patient_id),
    intent_seq INTEGER NOT NULL UNIQUE REFERENCES leaves (seq),
    outcome_seq INTEGER UNIQUE REFERENCES leaves (seq)
  ) STRICT;
  CREATE INDEX source_readings_open ON source_readings (intent_seq) WHERE outcome_seq IS NULL;
  `;
