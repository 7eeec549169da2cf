import { expect, it } from 'vitest';
import { measure, median, percentile, type Row } from './row.ts';

function row(ours: number, peer: number, better: 'lower' | 'higher', goal: number): Row {
  return {
    id: 'x',
    what: 'x',
    unit: 'ratio',
    baseline: 'peer',
    goal,
    better,
    pairs: 5,
    budgetMs: 1000,
    open: async () => ({ ours: async () => ours, peer: async () => peer, close: async () => undefined }),
  };
}

it('takes the middle of an odd and the mean of the two middles of an even number of values', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7]);
});

it('takes the value that a share of all does not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([percentile(hundred, 0.95), percentile(hundred, 0.99), percentile([7], 0.5)]).toEqual([95, 99, 7]);
});

it('passes or fails by the goal, in the direction that is better', async () => {
  const results = await Promise.all([
    measure(row(3, 2, 'lower', 1.6), 0),
    measure(row(3, 2, 'lower', 1.4), 0),
    measure(row(9, 10, 'higher', 0.8), 0),
    measure(row(9, 10, 'higher', 0.95), 0),
  ]);
  expect(results.map((result) => ('pass' in result ? result.pass : null))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

it('takes milliseconds as they are, beside a floor that excuses nothing', async () => {
  const results = await Promise.all([
    measure({ ...row(400, 10, 'lower', 500), unit: 'ms' }, 0),
    measure({ ...row(600, 590, 'lower', 500), unit: 'ms' }, 0),
  ]);
  expect(
    results.map((result) => ('pass' in result ? [result.value, result.peerMedian, result.pass] : null)),
  ).toEqual([
    [400, 10, true],
    [600, 590, false],
  ]);
});

it('fails above the ceiling, however good the ratio is', async () => {
  const results = await Promise.all([
    measure({ ...row(1100, 1000, 'lower', 1.3), ceiling: 1200 }, 0),
    measure({ ...row(1300, 1200, 'lower', 1.3), ceiling: 1200 }, 0),
    measure({ ...row(1100, 800, 'lower', 1.3), ceiling: 1200 }, 0),
  ]);
  expect(results.map((result) => ('pass' in result ? result.pass : null))).toEqual([true, false, false]);
});

it('says why a row was skipped', async () => {
  const skipped: Row = { ...row(1, 1, 'lower', 1), open: async () => ({ skipped: 'no model' }) };
  expect(await measure(skipped, 0)).toEqual({ id: 'x', skipped: 'no model' });
});
