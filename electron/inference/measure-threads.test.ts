import { expect, test } from 'vitest';
import { measureThreads } from './measure-threads.ts';

/** Probes on a clock that only they move: `msPerToken` per thread count. */
function simulate(msPerToken: Record<number, number>, budgetMs = 10_000) {
  let clock = 0;
  const runs: number[] = [];
  const disposed: number[] = [];
  const measured = measureThreads({
    candidates: Object.keys(msPerToken).map(Number),
    openProbe: (threads) =>
      Promise.resolve({
        run: (tokens, deadline) => {
          runs.push(threads);
          const start = clock;
          let made = 0;
          while (made < tokens && (made === 0 || clock < deadline)) {
            clock += msPerToken[threads] ?? 1;
            made += 1;
          }
          return Promise.resolve((made / (clock - start)) * 1000);
        },
        dispose: () => {
          disposed.push(threads);
          return Promise.resolve();
        },
      }),
    now: () => clock,
    budgetMs,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  return measured.then((result) => ({ result, runs, disposed, elapsedMs: clock }));
}

test('candidates alternate over three rounds and all are given back', async () => {
  const { result, runs, disposed } = await simulate({ 1: 10, 2: 8 });
  expect({ result, runs, disposed }).toEqual({
    result: [
      { threads: 1, tokensPerSecond: 100 },
      { threads: 2, tokensPerSecond: 125 },
    ],
    runs: [1, 2, 1, 2, 1, 2],
    disposed: [1, 2],
  });
});

test('a candidate that cannot win any more is measured once', async () => {
  const { runs } = await simulate({ 1: 40, 2: 20, 3: 10, 4: 11 });
  expect(runs).toEqual([1, 2, 3, 4, 3, 4, 3, 4]);
});

test('a candidate that crawls gets its share of the budget and no more', async () => {
  const { result, elapsedMs } = await simulate({ 1: 100, 2: 50, 4: 2200 });
  expect(result).toMatchObject([
    { threads: 1, tokensPerSecond: 10 },
    { threads: 2, tokensPerSecond: 20 },
    { threads: 4 },
  ]);
  expect(elapsedMs).toBeLessThanOrEqual(10_000);
});

test('an abort ends the measurement and gives the probes back', async () => {
  const stop = new AbortController();
  const disposed: number[] = [];
  const measuring = measureThreads({
    candidates: [1, 2],
    openProbe: (threads) =>
      Promise.resolve({
        run: () => {
          stop.abort();
          return Promise.resolve(1);
        },
        dispose: () => {
          disposed.push(threads);
          return Promise.resolve();
        },
      }),
    now: () => 0,
    budgetMs: 1000,
    onProgress: () => undefined,
    signal: stop.signal,
  });
  await expect(measuring).rejects.toThrow();
  expect(disposed).toEqual([1]);
});
