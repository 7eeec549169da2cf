import { expect, it } from 'vitest';
import { measure, median, type Row } from './row.ts';

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

it('passes or fails by the goal, in the direction that is better', async () => {
  const results = await Promise.all([
    measure(row(3, 2, 'lower', 1.6)),
    measure(row(3, 2, 'lower', 1.4)),
    measure(row(9, 10, 'higher', 0.8)),
    measure(row(9, 10, 'higher', 0.95)),
  ]);
  expect(results.map((result) => ('pass' in result ? result.pass : null))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

it('says why a row was skipped', async () => {
  const skipped: Row = { ...row(1, 1, 'lower', 1), open: async () => ({ skipped: 'no model' }) };
  expect(await measure(skipped)).toEqual({ id: 'x', skipped: 'no model' });
});
