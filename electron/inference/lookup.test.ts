import { describe, expect, test } from 'vitest';
import type { BatchCosts } from '../shared/batch-costs.ts';
import { createLookup, isGreedy, isWorthProposing, type Lookup } from './lookup.ts';
import type { LlamaContextSequence, Token } from './node-llama-cpp.ts';

const tokens = (...ids: number[]) => ids as Token[];

/** Where each proposal costs the same. */
const even = (cost: number, sizes = [1, 2, 3, 5, 7, 11, 15]): BatchCosts =>
  sizes.map((proposals) => ({ proposals, cost: 1 + cost * proposals }));
/** As llama.cpp multiplies rows by fours: measured on a processor with AVX-512 and a model in Q4_0. */
const byFours: BatchCosts = [
  { proposals: 1, cost: 1.45 },
  { proposals: 2, cost: 2.1 },
  { proposals: 3, cost: 1.5 },
  { proposals: 5, cost: 2.6 },
  { proposals: 7, cost: 2.5 },
  { proposals: 11, cost: 3.6 },
  { proposals: 15, cost: 4.6 },
];

let clock = 0;
let predictions = { validated: 0, refuted: 0 };
function begun(cost: BatchCosts, ...stateIds: number[]): Lookup {
  const lookup = createLookup(cost, () => clock);
  lookup.switchOn(true);
  predictions = { validated: 0, refuted: 0 };
  const targetSequence = { tokenPredictions: predictions } as LlamaContextSequence;
  void lookup.predictor.reset({ targetSequence, stateTokens: tokens(...stateIds), evaluateOptions: {} });
  return lookup;
}

/**
 * Plays a model whose answer is `answer` and counts what it takes, in times of a token alone.
 * @param source what was read before
 * @param byToken of the work, what costs by the token: behind a long context
 * @param isCut by a grammar, before the first proposal that is wrong
 */
function play(
  costs: BatchCosts,
  source: readonly number[],
  answer: readonly number[],
  byToken = 0,
  isCut = false,
): number {
  const lookup = begun(costs, ...source);
  const startedAt = clock;
  for (let said = 0; said < answer.length;) {
    const proposals = lookup.predictor.predictTokens() as Token[];
    const kept = [...proposals, -1 as Token].findIndex((token, index) => token !== answer[said + index]);
    const evaluated = isCut ? kept : proposals.length;
    const cost =
      evaluated === 0 ? 1 : (costs.find((size) => size.proposals >= evaluated)?.cost ?? Number.NaN);
    clock += cost * (1 - byToken) + (evaluated + 1) * byToken;
    predictions.validated += kept;
    predictions.refuted += evaluated - kept;
    for (let n = 0; n <= kept && said < answer.length; n += 1, said += 1)
      lookup.predictor.pushTokens([answer[said] as Token]);
  }
  return (clock - startedAt) / answer.length;
}

const numbers = (count: number, seed: number, range: number): number[] => {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * range);
  });
};

describe('lookup', () => {
  test('proposes what followed the same three tokens the last time', () => {
    const lookup = begun(even(0.1), 1, 2, 3, 4, 5, 9, 1, 2, 3, 6, 7, 8, 1, 2, 3);
    expect(lookup.predictor.predictTokens()).toEqual([6, 7, 8]);
  });

  test('proposes nothing where the last three tokens are new, and nothing while it is off', () => {
    const lookup = begun(even(0.1), 1, 2, 3, 4, 5);
    const none = lookup.predictor.predictTokens();
    lookup.predictor.pushTokens(tokens(1));
    lookup.predictor.pushTokens(tokens(2));
    lookup.predictor.pushTokens(tokens(3));
    const some = lookup.predictor.predictTokens();
    lookup.switchOn(false);
    expect([none, some, lookup.predictor.predictTokens()]).toEqual([[], [4, 5, 1], []]);
  });

  test('finds what the answer itself said before', () => {
    const lookup = begun(even(0.1), 1, 2);
    for (const id of [7, 8, 9, 5, 7, 8, 9]) lookup.predictor.pushTokens(tokens(id));
    expect(lookup.predictor.predictTokens()).toEqual([5, 7, 8]);
  });

  test.each([
    ['each proposal costs the same', even(0.2)],
    ['they cost by fours', byFours],
  ])('a copy of the source takes less than half of the time where %s', (_how, costs) => {
    const source = numbers(400, 1, 5000);
    expect(play(costs, source, source.slice(20))).toBeLessThan(0.5);
  });

  test('fills the batch that brings most for its price, and the large ones only where all was right before', () => {
    const source = numbers(400, 1, 5000);
    const lookup = begun(byFours, ...source, ...source.slice(0, 20));
    const sizes: number[] = [];
    for (let said = 20; said < 300;) {
      const { length } = lookup.predictor.predictTokens() as Token[];
      sizes.push(length);
      lookup.predictor.pushTokens(tokens(...source.slice(said, said + length + 1)));
      said += length + 1;
    }
    expect([sizes[0], sizes.at(-1)]).toEqual([3, 15]);
    expect(sizes).not.toContain(2);
    expect(sizes).not.toContain(5);
  });

  test.each([0, 0.5, 0.8, 0.95].flatMap((byToken) => [[byToken, false] as const, [byToken, true] as const]))(
    'a text that copies pieces of its source is never slower for it, where %d of the work costs by the token (cut by a grammar: %s)',
    (byToken, isCut) => {
      const source = numbers(1500, 1, 5000);
      // Four to twenty tokens of the source, then two others.
      const ends = new Set<number>();
      for (const length of numbers(200, 7, 17)) ends.add(Math.max(0, ...ends) + length + 6);
      const answer = source.map((id, index) => (ends.has(index) || ends.has(index + 1) ? 6000 + index : id));
      expect(play(byFours, source, answer, byToken, isCut)).toBeLessThan(byToken === 0 ? 0.8 : 1.03);
    },
  );

  test.each([
    ...[0.05, 0.1, 0.2, 0.3, 0.5].map((cost) => [`a proposal costs ${cost}`, even(cost)] as const),
    ['they cost by fours', byFours] as const,
  ])('a text that only seems to copy is slower by 3 percent at most, where %s', (_how, cost) => {
    // Each three tokens of the answer stand in the source too, and go on otherwise there.
    const answer = numbers(1500, 3, 5000);
    const source = answer.flatMap((id, index) => [...answer.slice(index - 2, index), id, 6000 + index]);
    expect(play(cost, source, answer)).toBeLessThan(1.03);
  });

  test('a text that repeats its own end is proposed on and on', () => {
    const lookup = begun(even(0.1), 1, 2, 3, 4, 5);
    lookup.predictor.pushTokens(tokens(1, 2, 3));
    void lookup.predictor.predictTokens();
    const circle = Array.from({ length: 40 }, (_, n) => 1 + ((n + 3) % 5));
    lookup.predictor.pushTokens(tokens(...circle));
    expect(lookup.predictor.predictTokens()).toEqual(
      tokens(...Array.from({ length: 15 }, (_, n) => 1 + ((n + 43) % 5))),
    );
  });

  test('a copy that begins late is found, whatever seemed to be one before', () => {
    const seeming = numbers(300, 3, 5000);
    const copied = numbers(300, 5, 5000);
    const source = [
      ...seeming.flatMap((id, index) => [...seeming.slice(index - 2, index), id, 6000 + index]),
      ...copied,
    ];
    const alone = play(byFours, source, seeming) * seeming.length;
    const both = play(byFours, source, [...seeming, ...copied]) * (seeming.length + copied.length);
    expect((both - alone) / copied.length).toBeLessThan(0.5);
  });

  test('where a proposal costs as much as a token, none is made', () => {
    const lookup = begun(even(1), 1, 2, 3, 4, 1, 2, 3);
    expect(lookup.predictor.predictTokens()).toEqual([]);
  });
});

test('only greedy requests without a penalty on repetition, and only where a batch is cheap', () => {
  const sampler = { temperature: 0, topP: 1, topK: 40, minP: 0, repeatPenalty: 1, seed: 1 };
  expect([
    isGreedy(sampler),
    isGreedy({ ...sampler, temperature: 0.1 }),
    isGreedy({ ...sampler, repeatPenalty: 1.1 }),
    isWorthProposing(even(0.3)),
    isWorthProposing(byFours),
    isWorthProposing(even(0.9)),
    isWorthProposing([]),
    isWorthProposing(null),
  ]).toEqual([true, false, false, true, true, false, false, false]);
});
