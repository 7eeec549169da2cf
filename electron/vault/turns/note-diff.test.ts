import { applyPatch } from 'diff';
import { expect, it } from 'vitest';
import { noteDiff } from './note-diff.ts';

it('gives the accepted note back when it is applied to the draft', () => {
  const draft = 'Subjective\nCough for nine days.\n\nPlan\nRest.\n';
  const final = 'Subjective\nCough for nine days, no blood.\n\nPlan\nRest. Return in two weeks.\n';
  const { diff, insertedCharacters, deletedCharacters } = noteDiff(draft, final);
  expect(applyPatch(draft, diff)).toBe(final);
  expect({ insertedCharacters, deletedCharacters }).toEqual({ insertedCharacters: 31, deletedCharacters: 0 });
});

it('is a diff without hunks where nothing was changed', () => {
  const { diff, insertedCharacters, deletedCharacters } = noteDiff('as it was\n', 'as it was\n');
  expect(applyPatch('as it was\n', diff)).toBe('as it was\n');
  expect({ insertedCharacters, deletedCharacters }).toEqual({ insertedCharacters: 0, deletedCharacters: 0 });
});

it.each(['', 'no newline at the end', 'Windows\r\nline ends\r\n', 'emoji 🙂 and é'])(
  'keeps %j exactly',
  (final) => {
    const { diff } = noteDiff('draft\nof two lines\n', final);
    expect(applyPatch('draft\nof two lines\n', diff)).toBe(final);
  },
);
