import { expect, test } from 'vitest';
import type { CpuFacts } from './cpu-facts.ts';
import { bestThreads, threadCandidates, threadKey } from './thread-choice.ts';

test('candidates are one, half, all but one and all, without repeats', () => {
  expect([1, 2, 3, 4, 8].map(threadCandidates)).toEqual([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 4, 7, 8]]);
});

test('the fastest wins, but fewer threads win within three percent', () => {
  const measured = (three: number, four: number) => [
    { threads: 1, tokensPerSecond: 5 },
    { threads: 4, tokensPerSecond: four },
    { threads: 3, tokensPerSecond: three },
  ];
  expect([
    bestThreads(measured(10, 11)).threads,
    bestThreads(measured(10, 10.3)).threads,
    bestThreads(measured(10, 0.4)).threads,
  ]).toEqual([4, 3, 3]);
});

test('a key changes with everything that can change the best choice', () => {
  const cpu: CpuFacts = {
    model: 'a',
    availableParallelism: 4,
    allowedCpus: [0, 1, 2, 3],
    quotaCpus: null,
    physicalCores: 4,
  };
  const keys = [
    threadKey(cpu, 'model', '3.22.1'),
    threadKey({ ...cpu, model: 'b' }, 'model', '3.22.1'),
    threadKey({ ...cpu, allowedCpus: [0, 1] }, 'model', '3.22.1'),
    threadKey({ ...cpu, quotaCpus: 2 }, 'model', '3.22.1'),
    threadKey(cpu, 'other', '3.22.1'),
    threadKey(cpu, 'model', '3.23.0'),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(threadKey({ ...cpu }, 'model', '3.22.1')).toBe(keys[0]);
});
