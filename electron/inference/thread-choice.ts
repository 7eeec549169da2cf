import { createHash } from 'node:crypto';
import type { ThreadChoice } from '../links/model-port.ts';
import type { CpuFacts } from './cpu-facts.ts';

export type MeasuredThreads = ThreadChoice['candidates'][number];

/** One, half, all but one (a core left for the screen), all. */
export function threadCandidates(usable: number): number[] {
  const wanted = [1, Math.floor(usable / 2), usable - 1, usable];
  return [...new Set(wanted.filter((threads) => threads >= 1))].sort((a, b) => a - b);
}

/** Differences below this are noise, and fewer threads leave more of the computer to the clinician. */
const worthMoreThreads = 1.03;

/** The fastest, or the smallest number of threads that is within 3 % of it. `measured` must not be empty. */
export function bestThreads(measured: readonly MeasuredThreads[]): MeasuredThreads {
  const fastest = Math.max(...measured.map((candidate) => candidate.tokensPerSecond));
  const goodEnough = measured.filter((candidate) => candidate.tokensPerSecond * worthMoreThreads >= fastest);
  const [best] = goodEnough.sort((a, b) => a.threads - b.threads);
  if (best === undefined) throw new Error('No thread count was measured');
  return best;
}

/** Same machine, same allowance, same model, same engine: the same key. */
export function threadKey(facts: CpuFacts, modelSha256: string, engineVersion: string): string {
  const parts = [
    facts.model,
    facts.availableParallelism,
    facts.allowedCpus,
    facts.quotaCpus,
    facts.physicalCores,
    modelSha256,
    engineVersion,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
