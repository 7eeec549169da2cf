import { expect, test } from 'vitest';
import { rougeL, rougeN } from './rouge.ts';

test('the example of rouge_score’s own documentation', () => {
  const reference = 'The quick brown fox jumps over the lazy dog';
  const candidate = 'The quick brown dog jumps on the log.';
  const one = rougeN(1, reference, candidate);
  const l = rougeL(reference, candidate);
  expect([one.precision, one.recall, one.f]).toEqual([0.75, 6 / 9, expect.closeTo(0.7058823529411765, 12)]);
  expect([l.precision, l.recall, l.f]).toEqual([0.625, 5 / 9, expect.closeTo(0.5882352941176471, 12)]);
});

test('the example of the paper: the same in pairs of words, different in their order', () => {
  const reference = 'police killed the gunman';
  const inOrder = 'police kill the gunman';
  const reversed = 'the gunman kill police';
  expect([
    rougeN(2, reference, inOrder).f,
    rougeN(2, reference, reversed).f,
    rougeL(reference, inOrder).f,
    rougeL(reference, reversed).f,
  ]).toEqual([expect.closeTo(1 / 3, 12), expect.closeTo(1 / 3, 12), 0.75, 0.5]);
});

test('a word counts as often as it stands in both, and nothing is nothing', () => {
  expect(rougeN(1, 'the cat', 'the the the').precision).toBeCloseTo(1 / 3, 12);
  expect(rougeL('', 'a cat')).toEqual({ precision: 0, recall: 0, f: 0 });
});
