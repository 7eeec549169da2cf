import { expect, test } from 'vitest';
import { ungrounded } from './grounding.ts';

const source =
  '[doctor] so brian is fifty eight years old and takes lisinopril , 20 milligrams , since march .';

test('what the source says is not flagged, whether in figures or in words', () => {
  const note = '1. Brian, 58, takes lisinopril 20 mg since March.\n2. No fever.';
  expect(ungrounded(source, note)).toEqual({ numbers: [], drugs: [], dates: [] });
});

test('numbers, drugs and dates that the source does not have are flagged, each once', () => {
  const note = 'Brian, 85, takes metformin 500 mg and 500 mg more since April.';
  expect(ungrounded(source, note)).toEqual({
    numbers: ['85', '500'],
    drugs: ['metformin'],
    dates: ['april'],
  });
});
