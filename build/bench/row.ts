/**
 * A bench row compares us with a peer or a floor in the same run, in alternating pairs: machines are shared and noisy, so
 * a figure of another day says nothing. The value is the median of the pairs' ratios.
 */
export type Row = {
  readonly id: string;
  readonly what: string;
  /**
   * `ms` and `MB` are promises which no slow machine excuses. The value is the median of ours alone; the floor is measured
   * all the same, to tell a slow app from a slow machine.
   */
  readonly unit: 'ratio' | 'ms' | 'MB';
  /** What stands in the denominator. */
  readonly baseline: string;
  readonly goal: number;
  /** A promise beside the ratio: the row fails too when the median of ours is above, in its own unit. */
  readonly ceiling?: number;
  readonly better: 'lower' | 'higher';
  readonly pairs: number;
  /** Milliseconds for the whole row; fewer pairs are measured when it runs out, five at least. */
  readonly budgetMs: number;
  /** Prepares what both sides need. @param entries of the record that the row is about, where it is about one */
  open(entries: number): Promise<Sides | { readonly skipped: string }>;
};

export type Sides = {
  /** Each returns its own measure (ms, MB, or something a second) of one round. */
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
  readonly ceiling: number | null;
  readonly better: 'lower' | 'higher';
  readonly pass: boolean;
  /** Lowest and highest value of a pair. */
  readonly spread: readonly [number, number];
  readonly pairs: number;
  readonly oursMedian: number;
  readonly peerMedian: number;
};

const minimumPairs = 5;

export async function measure(
  row: Row,
  entries: number,
): Promise<Measured | { readonly id: string; readonly skipped: string }> {
  const sides = await row.open(entries);
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
  return judge(row, ours, peer);
}

function judge(row: Row, ours: readonly number[], peer: readonly number[]): Measured {
  const { id, unit, baseline, goal, better } = row;
  const ceiling = row.ceiling ?? null;
  const values = ours
    .map((value, index) => (unit === 'ratio' ? value / (peer[index] ?? Number.NaN) : value))
    .toSorted((a, b) => a - b);
  const value = median(values);
  const oursMedian = median(ours);
  const reached = better === 'lower' ? value <= goal : value >= goal;
  return {
    id,
    value,
    unit,
    baseline,
    goal,
    ceiling,
    better,
    pass: reached && (ceiling === null || oursMedian <= ceiling),
    spread: [values[0] ?? Number.NaN, values.at(-1) ?? Number.NaN],
    pairs: values.length,
    oursMedian,
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

/** @param fraction 0.95 for the value that 95 of 100 do not exceed */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? Number.NaN;
}

/** @returns ms */
export function timed(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
