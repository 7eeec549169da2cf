import { expect, it } from 'vitest';
import { readRows, rowsAsLines } from './structured-answer.ts';

const row = { problem: 'Cough', status: 'active', evidence: 'a "bad" cough, {really}' };
const text = (rows: unknown): string => JSON.stringify({ rows });

it('reads an answer that has the form', () => {
  expect(readRows('problem-list', text([row, row]))).toEqual({ rows: [row, row], isWhole: true });
  expect(readRows('problem-list', text([]))).toEqual({ rows: [], isWhole: true });
});

it('reads the complete rows of an answer that ended in the middle, at every place', () => {
  const all = text([row, row]);
  for (let length = 12; length < all.length; length += 1) {
    const read = readRows('problem-list', all.slice(0, length));
    expect([length, read?.isWhole, read?.rows.every((each) => each['problem'] === 'Cough')]).toEqual([
      length,
      false,
      true,
    ]);
  }
});

it.each([
  'Here is the list: a cough.',
  text([{ ...row, status: 'unknown' }]),
  text([{ problem: 'Cough' }]),
  text([{ ...row, extra: 'x' }]),
  '{"rows": "none"}',
  '[]',
])('takes %j for text', (answer) => {
  expect(readRows('problem-list', answer)).toBeNull();
});

it('gives a row a line, and a line break in a cell a space', () => {
  const rows = [{ ...row, problem: 'Cough\nand cold' }];
  expect(rowsAsLines('problem-list', rows, '\t')).toBe('Cough and cold\tactive\ta "bad" cough, {really}');
});
