import { expect, it } from 'vitest';
import { codeOf } from './keys-fixture.ts';
import { knownAnswers, lateKnownAnswers, lateSelfTest, selfTest } from './self-test.ts';

const all = [...knownAnswers, ...lateKnownAnswers];

it('AC-29 every primitive gives its published answer on this runtime', async () => {
  expect([await selfTest(), await lateSelfTest()].map(codeOf)).toEqual(['ok', 'ok']);
});

it('AC-29 a wrong answer of any one primitive, or one that throws, stops the start and names it', async () => {
  const outcomes = [];
  for (const [index, broken] of all.entries()) {
    for (const compute of [() => `${broken.expected}0`, () => Promise.reject(new Error('not supported'))]) {
      const result = await selfTest(all.with(index, { ...broken, compute }));
      outcomes.push(
        !result.ok &&
          result.error.code === 'self-test-failed' &&
          result.error.message.includes(`${broken.primitive} gave`),
      );
    }
  }
  expect(outcomes).toEqual(Array(all.length * 2).fill(true));
});
