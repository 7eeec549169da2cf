import { createTwoFilesPatch, diffChars, FILE_HEADERS_ONLY } from 'diff';

export type NoteDiff = {
  readonly diff: string;
  readonly insertedCharacters: number;
  readonly deletedCharacters: number;
};

/**
 * The accepted note as a unified diff against the recorded draft: `patch draft < diff` gives the note back, so the
 * note's text need not be stored twice. Characters are UTF-16 code units.
 */
export function noteDiff(draft: string, final: string): NoteDiff {
  const { inserted, deleted } = countCharacters(draft, final);
  return {
    diff: patchOf(draft, final),
    insertedCharacters: inserted,
    deletedCharacters: deleted,
  };
}

/** Two long texts without a common line would keep the vault, and its idle lock, busy for half a minute. */
const longestComparisonMs = 300;

/** Where a comparison takes too long, everything counts as replaced. */
function countCharacters(draft: string, final: string): { inserted: number; deleted: number } {
  const changes = diffChars(draft, final, { timeout: longestComparisonMs });
  if (changes === undefined) return { inserted: final.length, deleted: draft.length };
  let inserted = 0;
  let deleted = 0;
  for (const change of changes) {
    if (change.added) inserted += change.value.length;
    if (change.removed) deleted += change.value.length;
  }
  return { inserted, deleted };
}

function patchOf(draft: string, final: string): string {
  const options = { headerOptions: FILE_HEADERS_ONLY };
  const patch = createTwoFilesPatch('draft', 'accepted', draft, final, '', '', {
    ...options,
    timeout: longestComparisonMs,
  });
  // Line by line against an empty text there is nothing to compare: all lines go, all lines come.
  return patch ?? wholePatch(draft, final);
}

/** Every line of the draft goes, every line of the note comes. */
export function wholePatch(draft: string, final: string): string {
  const lines = (text: string, sign: string): readonly string[] => {
    if (text === '') return [];
    const ended = text.endsWith('\n');
    const all = (ended ? text.slice(0, -1) : text).split('\n').map((line) => `${sign}${line}`);
    return ended ? all : [...all, '\\ No newline at end of file'];
  };
  const removed = lines(draft, '-');
  const added = lines(final, '+');
  const count = (text: string): number =>
    text === '' ? 0 : (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n').length;
  const range = (text: string): string => (text === '' ? '0,0' : `1,${count(text)}`);
  return [
    '--- draft',
    '+++ accepted',
    `@@ -${range(draft)} +${range(final)} @@`,
    ...removed,
    ...added,
    '',
  ].join('\n');
}
