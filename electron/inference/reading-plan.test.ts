import { expect, test } from 'vitest';
import type { Token } from './node-llama-cpp.ts';
import { planSteps, readBefore, reusableTokens, type ReadingPlan } from './reading-plan.ts';

const tokens = (count: number, from = 0): Token[] =>
  Array.from({ length: count }, (_, index) => (from + index) as Token);
const step = 64;
const plan = (all: Token[], cuts: number[] = [], exactTokens = Number.POSITIVE_INFINITY): ReadingPlan => ({
  tokens: all,
  ends: planSteps([...cuts, all.length - 1], step),
  exactTokens,
});
const read = ({ tokens: all, ends }: ReadingPlan) => ({ tokens: all.slice(0, ends.at(-1)), ends });

test('steps end where they are full and at each cut', () => {
  expect([planSteps([150], step), planSteps([70, 150], step), planSteps([64, 64, 128], step)]).toEqual([
    [64, 128, 150],
    [64, 70, 134, 150],
    [64, 128],
  ]);
});

test('reading ends at a whole four of rows, and leaves one to four tokens to the answer', () => {
  expect([1, 2, 4, 5, 6, 8, 9].map((left) => readBefore(67, 67 + left) - 67)).toEqual([0, 0, 0, 4, 4, 4, 8]);
});

test('the very same prompt is kept whole but for its last token', () => {
  expect(reusableTokens(read(plan(tokens(200))), plan(tokens(200)))).toBe(199);
});

test('another prompt keeps whole steps of what both begin with', () => {
  const state = read(plan(tokens(200)));
  const sharing = (shared: number): Token[] => [...tokens(shared), ...tokens(100, 5000)];
  expect([0, 63, 64, 150, 199].map((shared) => reusableTokens(state, plan(sharing(shared))))).toEqual([
    0, 0, 64, 128, 192,
  ]);
});

test('another task on the same source keeps all of the source, and evaluates none of it again', () => {
  const source = 150;
  const first = plan([...tokens(source), ...tokens(40, 5000)], [source]);
  const second = plan([...tokens(source), ...tokens(70, 6000)], [source]);
  expect(reusableTokens(read(first), second)).toBe(source);
});

test('a source that was read ahead is kept whole by a prompt that cuts there, and in whole steps by one that does not', () => {
  const ahead = { tokens: tokens(150), ends: planSteps([150], step) };
  const full = [...tokens(150), ...tokens(40, 5000)];
  expect([reusableTokens(ahead, plan(full, [150])), reusableTokens(ahead, plan(full))]).toEqual([150, 128]);
});

test('a further question keeps the answer as it was written, and an edited beginning does not', () => {
  const first = plan(tokens(101), [60]);
  const answered = {
    tokens: tokens(131),
    ends: [...first.ends, ...Array.from({ length: 31 }, (_, index) => 101 + index)],
  };
  const further = plan(tokens(180), [60, 100, 101], 101);
  const edited = plan([...tokens(50), ...tokens(130, 5000)], [60, 100, 101], 101);
  expect([reusableTokens(answered, further), reusableTokens(answered, edited)]).toEqual([131, 0]);
});

test('after a stop only what was read is kept, and after a fault nothing', () => {
  const stopped = { tokens: tokens(64), ends: [64] };
  expect([reusableTokens(stopped, plan(tokens(200))), reusableTokens(null, plan(tokens(200)))]).toEqual([
    64, 0,
  ]);
});
