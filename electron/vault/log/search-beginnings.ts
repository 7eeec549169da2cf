import type { WritableDatabase } from '../database/open-database.ts';

/**
 * What is searched for in the place of the beginning of a word. The index can look for a beginning itself, but joins all
 * that it finds before it gives the first row: seconds, in a record of a million entries. A choice of whole words is read
 * from its newest end on.
 */
export type Beginnings =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** More words than one can choose from begin like that. */
  | { readonly kind: 'too-many' }
  /** In letters of which only the index knows how it writes them. */
  | { readonly kind: 'other-letters' };

/** A beginning of one or two letters would fit half the record. */
const shortestBeginning = 3;
const mostWords = 100;

export function openBeginnings(database: WritableDatabase): (typed: string) => Beginnings {
  // The words of the index itself, one row for each place; it has no content of its own.
  database.execute(
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_words USING fts5vocab('main', 'search', 'instance')",
  );
  const next = database.prepare<[string, string], { term: string }>(
    'SELECT term FROM temp.search_words WHERE term >= ? AND term < ? ORDER BY term LIMIT 1',
  );
  return (typed) => {
    if (typed.length < shortestBeginning) return { kind: 'words', words: [] };
    const beginning = typed.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
    if (!/^[a-z0-9]+$/u.test(beginning)) return { kind: 'other-letters' };
    const words: string[] = [];
    // From the first place of one word to the first place of the next, whatever number of places it has.
    for (let from = beginning; ;) {
      const found = next.get(from, `${beginning}\u{10FFFF}`);
      if (found === undefined) return { kind: 'words', words };
      if (words.length === mostWords) return { kind: 'too-many' };
      words.push(found.term);
      from = `${found.term}\0`;
    }
  };
}
