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
  let insertedCharacters = 0;
  let deletedCharacters = 0;
  for (const change of diffChars(draft, final)) {
    if (change.added) insertedCharacters += change.value.length;
    if (change.removed) deletedCharacters += change.value.length;
  }
  return {
    diff: createTwoFilesPatch('draft', 'accepted', draft, final, '', '', {
      headerOptions: FILE_HEADERS_ONLY,
    }),
    insertedCharacters,
    deletedCharacters,
  };
}
