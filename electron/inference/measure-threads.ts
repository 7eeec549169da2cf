import type { MeasuredThreads } from './thread-choice.ts';

/** The loaded model with one thread count, ready to be timed. */
export type SpeedProbe = {
  /** Generates until `tokens` are made or `deadline` (of the same clock) has passed; null if not even one could be timed. */
  run(tokens: number, deadline: number): Promise<number | null>;
  dispose(): Promise<void>;
};

const rounds = 3;
const tokensPerRun = 20;
/** After a round, whoever is this much slower than the best cannot win any more. */
const hopeless = 0.7;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/**
 * Times every candidate in alternating rounds, so that a passing load on the machine hits all of them. Each run has its
 * share of the budget; a candidate that had no time left is not in the result. The result is empty only when not one
 * token could be made within the budget.
 */
export async function measureThreads(deps: {
  readonly candidates: readonly number[];
  readonly openProbe: (threads: number) => Promise<SpeedProbe>;
  readonly now: () => number;
  readonly budgetMs: number;
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
}): Promise<MeasuredThreads[]> {
  const { now } = deps;
  const end = now() + deps.budgetMs;
  const shareMs = deps.budgetMs / (deps.candidates.length * rounds);
  const speeds = new Map<number, number[]>();
  const probes = new Map<number, SpeedProbe>();
  const medians = (): MeasuredThreads[] =>
    [...speeds]
      .filter(([, runs]) => runs.length > 0)
      .map(([threads, runs]) => ({ threads, tokensPerSecond: median(runs) }));

  try {
    let racing = [...deps.candidates];
    let done = 0;
    for (let round = 0; round < rounds; round += 1) {
      for (const threads of racing) {
        deps.signal.throwIfAborted();
        if (now() >= end) return medians();
        const probe = probes.get(threads) ?? (await deps.openProbe(threads));
        probes.set(threads, probe);
        const speed = await probe.run(tokensPerRun, Math.min(end, now() + shareMs));
        if (speed !== null) speeds.set(threads, [...(speeds.get(threads) ?? []), speed]);
        done += 1;
        deps.onProgress(Math.min(1, done / (racing.length * rounds)));
      }
      const fastest = Math.max(...medians().map((candidate) => candidate.tokensPerSecond));
      racing = medians().flatMap((candidate) =>
        candidate.tokensPerSecond >= fastest * hopeless ? [candidate.threads] : [],
      );
      done = racing.length * (round + 1);
    }
    return medians();
  } finally {
    for (const probe of probes.values()) await probe.dispose();
  }
}
