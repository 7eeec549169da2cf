import { expect, test } from 'vitest';
import type { Token } from './node-llama-cpp.ts';
import { reusableTokens } from './prompt-reader.ts';

const tokens = (count: number, from = 0): Token[] =>
  Array.from({ length: count }, (_, index) => (from + index) as Token);

test('the very same prompt is kept whole but for its last token', () => {
  expect(reusableTokens({ tokens: tokens(200), readTokens: 199 }, tokens(200))).toBe(199);
});

test('another prompt keeps whole steps of what both begin with', () => {
  const previous = { tokens: tokens(200), readTokens: 199 };
  const sharing = (shared: number): Token[] => [...tokens(shared), ...tokens(100, 5000)];
  expect([0, 63, 64, 150, 199].map((shared) => reusableTokens(previous, sharing(shared)))).toEqual([
    0, 0, 64, 128, 192,
  ]);
});

test('a prompt that goes on where the previous one ended keeps whole steps only', () => {
  expect(reusableTokens({ tokens: tokens(200), readTokens: 199 }, tokens(300))).toBe(192);
});

test('after a stop only what was read is kept, and after a fault nothing', () => {
  expect([
    reusableTokens({ tokens: tokens(200), readTokens: 64 }, tokens(200)),
    reusableTokens(null, tokens(200)),
  ]).toEqual([64, 0]);
});
