import type { WritableDatabase } from '../database/open-database.ts';
import type { JournalSecrets } from './sealed-journal.ts';

/** The secrets of journals, in the encrypted database. More than one only after a crash between two steps of a sign-in. */
export type JournalSecretsStore = {
  all(): readonly JournalSecrets[];
  add(secrets: JournalSecrets): void;
  /** To be called in the transaction that makes the events leaves. */
  setFolded(journalId: string, folded: number): void;
  remove(journalId: string): void;
};

export function openJournalSecrets(database: WritableDatabase): JournalSecretsStore {
  const read = database.prepare<
    [],
    { journalId: string; identity: string; chainKey: Buffer; folded: number }
  >(
    'SELECT journal_id AS journalId, identity, chain_key AS chainKey, folded FROM sealed_journals ORDER BY rowid',
  );
  const insert = database.prepare<[string, string, Uint8Array, number], never>(
    'INSERT INTO sealed_journals (journal_id, identity, chain_key, folded) VALUES (?, ?, ?, ?)',
  );
  const fold = database.prepare<[number, string], never>(
    'UPDATE sealed_journals SET folded = ? WHERE journal_id = ?',
  );
  const drop = database.prepare<[string], never>('DELETE FROM sealed_journals WHERE journal_id = ?');
  return {
    all: () => read.all(),
    add: ({ journalId, identity, chainKey, folded }) =>
      void insert.run(journalId, identity, chainKey, folded),
    setFolded: (journalId, folded) => void fold.run(folded, journalId),
    remove: (journalId) => void drop.run(journalId),
  };
}
