import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPatch } from 'diff';
import { expect, it } from 'vitest';
import { noteDiff, wholePatch } from './note-diff.ts';

/** The program that the format is for; not on every computer. */
const hasPatch = spawnSync('patch', ['--version']).status === 0;

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

it('of two long texts without a common line gives the note back (without a limit it took half a minute)', () => {
  const text = (word: string): string =>
    Array.from({ length: 20_000 }, (_, n) => `${word} ${n * 7919} ${n}`).join('\n');
  const [draft, final] = [text('made'), text('up')];
  const { diff, insertedCharacters } = noteDiff(draft, final);
  expect(insertedCharacters).toBeGreaterThan(0);
  expect(applyPatch(draft, diff)).toBe(final);
});

it.each([
  ['a\nb\n', 'c\n'],
  ['a\nb', 'c\nd\ne'],
  ['', 'c\n'],
  ['a\n', ''],
  ['\n\n', '\n'],
  ['a\r\nb\r\n', 'c'],
])('where the comparison takes too long, patch makes of %j the note %j', (draft, final) => {
  const diff = wholePatch(draft, final);
  expect(applyPatch(draft, diff)).toBe(final);
  if (!hasPatch) return;
  const folder = mkdtempSync(join(tmpdir(), 'cloister-diff-'));
  try {
    writeFileSync(join(folder, 'draft'), draft);
    const words = ['--binary', '--silent', '--output=accepted', 'draft'];
    expect(spawnSync('patch', words, { cwd: folder, input: diff }).status).toBe(0);
    expect(readFileSync(join(folder, 'accepted'), 'utf8')).toBe(final);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
