/** What a person types into the search, and where it stands in a text: by the rules of the index, which knows neither case nor accents. */

const wordPattern = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;
const mostWords = 12;
const charactersAround = 70;

/** @returns no word where nothing of it can be searched for */
export function searchWords(query: string): readonly string[] {
  return [...query.matchAll(wordPattern)].slice(0, mostWords).map(([word]) => word);
}

export type Snippet = { readonly before: string; readonly match: string; readonly after: string };

/**
 * @param beginsWords whether the last word may be the beginning of another
 * @returns the first place of the text where one of the words stands, or null where none does
 */
export function snippetOf(text: string, words: readonly string[], beginsWords = true): Snippet | null {
  const wanted = words.map(folded);
  const last = beginsWords ? wanted.at(-1) : undefined;
  for (const found of text.matchAll(wordPattern)) {
    const [match] = found;
    const word = folded(match);
    if (!wanted.includes(word) && (last === undefined || !word.startsWith(last))) continue;
    const begin = Math.max(0, found.index - charactersAround);
    const end = found.index + match.length;
    return {
      before: shown(text.slice(begin, found.index), begin > 0, false),
      match,
      after: shown(text.slice(end, end + charactersAround), false, end + charactersAround < text.length),
    };
  }
  return null;
}

function folded(word: string): string {
  return word.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/** A cut may not leave half a character behind. */
function shown(part: string, isCutBefore: boolean, isCutAfter: boolean): string {
  const text = part.replaceAll(/\s+/gu, ' ').toWellFormed().replaceAll('\uFFFD', '');
  return `${isCutBefore ? '…' : ''}${text}${isCutAfter ? '…' : ''}`;
}
