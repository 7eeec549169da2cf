import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitSource } from './split-source.ts';

const pieces = (text: string, count: number): string[] =>
  splitSource(text, count).map(({ from, to }) => text.slice(from, to));

it('leaves nothing out, says nothing twice, and cuts no character in two', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme-composite', maxLength: 3000 }),
      fc.integer({ min: 1, max: 12 }),
      (text, count) => {
        const all = pieces(text, count);
        expect(all.join('')).toBe(text);
        expect(all.every((piece) => piece.isWellFormed())).toBe(true);
        expect(all.length).toBeLessThanOrEqual(count);
      },
    ),
    { seed: 20261127, numRuns: 500 },
  );
});

it('cuts between what two people say', () => {
  const text = Array.from(
    { length: 40 },
    (_, n) => `${n % 2 === 0 ? 'Doctor' : 'Patient'}: line ${n}.\nIt goes on.\n`,
  ).join('');
  expect(pieces(text, 5).map((piece) => /^(Doctor|Patient): /.test(piece))).toEqual(Array(5).fill(true));
});

it.each([
  ['[doctor] Good morning.\n[patient] Good morning to you.\n', /^\[(doctor|patient)\]/],
  ['HISTORY\nA cough for days.\nPLAN\nRest and tea.\n', /^(HISTORY|PLAN)\n/],
  ['One paragraph that says something.\n\nAnd then there is another one.\n\n', /^(One|And)/],
  ['A sentence of some length. Another of some length! ', /^\s*(A|Another) /],
  ['words without any end ', /^\S/],
])('cuts %j before what begins anew', (unit, begins) => {
  expect(pieces(unit.repeat(40), 6).map((piece) => begins.test(piece))).toEqual(Array(6).fill(true));
});

it('makes pieces of about the same length', () => {
  const lengths = pieces('Patient: yes. Doctor asks on and on.\n'.repeat(300), 7).map(
    (piece) => piece.length,
  );
  expect(Math.max(...lengths) / Math.min(...lengths)).toBeLessThan(1.2);
});

it('cuts a text without any place for it all the same', () => {
  expect(pieces('\u{1F642}'.repeat(100), 3).map((piece) => piece.length)).toEqual([68, 66, 66]);
});
