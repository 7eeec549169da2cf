/**
 * A bench row compares us with a peer or a floor in the same run, in alternating pairs: machines are shared and noisy, so
 * a figure of another day says nothing. The value is the median of the pairs' ratios.
 */
export type Row = {
  readonly id: string;
  readonly what: string;
  readonly unit: 'ratio' | 'ms' | 'tokens/s';
  /** What stands in the denominator. */
  readonly baseline: string;
  readonly goal: number;
  readonly better: 'lower' | 'higher';
  readonly pairs: number;
  /** Milliseconds for the whole row; fewer pairs are measured when it runs out, five at least. */
  readonly budgetMs: number;
  /** Prepares what both sides need. */
  open(): Promise<Sides | { readonly skipped: string }>;
};

export type Sides = {
  /** Each returns its own measure (ms, or tokens/s) of one round. */
  ours(): Promise<number>;
  peer(): Promise<number>;
  close(): Promise<void>;
};

export type Measured = {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: string;
  readonly goal: number;
  readonly better: 'lower' | 'higher';
  readonly pass: boolean;
  /** Lowest and highest ratio of a pair. */
  readonly spread: readonly [number, number];
  readonly pairs: number;
  readonly oursMedian: number;
  readonly peerMedian: number;
};

const minimumPairs = 5;

export async function measure(
  row: Row,
): Promise<Measured | { readonly id: string; readonly skipped: string }> {
  const sides = await row.open();
  if ('skipped' in sides) return { id: row.id, skipped: sides.skipped };
  const startedAt = performance.now();
  const ours: number[] = [];
  const peer: number[] = [];
  try {
    // One unmeasured pair: caches, compiled code.
    await sides.peer();
    await sides.ours();
    for (let pair = 0; pair < row.pairs; pair += 1) {
      if (pair >= minimumPairs && performance.now() - startedAt > row.budgetMs) break;
      // Who goes first alternates, so that a drift of the machine favours neither.
      if (pair % 2 === 0) {
        peer.push(await sides.peer());
        ours.push(await sides.ours());
      } else {
        ours.push(await sides.ours());
        peer.push(await sides.peer());
      }
    }
  } finally {
    await sides.close();
  }
  const ratios = ours.map((value, index) => value / (peer[index] ?? Number.NaN)).toSorted((a, b) => a - b);
  const value = median(ratios);
  return {
    id: row.id,
    value,
    unit: row.unit,
    baseline: row.baseline,
    goal: row.goal,
    better: row.better,
    pass: row.better === 'lower' ? value <= row.goal : value >= row.goal,
    spread: [ratios[0] ?? Number.NaN, ratios.at(-1) ?? Number.NaN],
    pairs: ratios.length,
    oursMedian: median(ours),
    peerMedian: median(peer),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return Number.NaN;
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
}
