import type { ThreadChoice } from '../links/model-port.ts';
import type { CpuFacts } from './cpu-facts.ts';
import { measureThreads, type SpeedProbe } from './measure-threads.ts';
import { measureBatchCosts } from './measure-batch-costs.ts';
import type { LlamaModel, Token } from './node-llama-cpp.ts';
import { bestThreads, threadCandidates, threadKey } from './thread-choice.ts';

const budgetMs = 10_000;
const probeContextTokens = 256;
/** Says nothing about anybody. */
const neutralPrompt = 'The sky is blue and the grass is green. The';

/** A small context of its own with a fixed thread count. Later runs go on where the first one ended. */
async function openProbe(model: LlamaModel, threads: number, now: () => number): Promise<SpeedProbe> {
  const context = await model.createContext({
    contextSize: Math.min(probeContextTokens, model.trainContextSize),
    batchSize: 64,
    threads: { ideal: threads, min: threads },
  });
  const sequence = context.getSequence();
  let next: Token[] = model.tokenize(neutralPrompt);
  return {
    run: async (tokens, deadline) => {
      let startedAt: number | null = null;
      let made = 0;
      for await (const token of sequence.evaluate(next, { temperature: 0, yieldEogToken: true })) {
        next = [token];
        // The first token also pays for reading what came before it: time starts after it.
        if (startedAt === null) {
          startedAt = now();
          continue;
        }
        made += 1;
        if (made >= tokens || now() >= deadline) break;
      }
      const elapsedMs = startedAt === null ? 0 : now() - startedAt;
      return made > 0 && elapsedMs > 0 ? (made / elapsedMs) * 1000 : null;
    },
    dispose: () => context.dispose(),
  };
}

/** @returns tokens a second with so many threads; 0 where not one could be timed */
export async function measureSpeed(deps: {
  readonly model: LlamaModel;
  readonly threads: number;
  readonly now: () => number;
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
}): Promise<number> {
  const { model, threads, now } = deps;
  const openOne = (): Promise<SpeedProbe> => openProbe(model, threads, now);
  const measured = await measureThreads({ ...deps, candidates: [threads], openProbe: openOne, budgetMs });
  return measured[0]?.tokensPerSecond ?? 0;
}

type ChoiceDeps = {
  readonly model: LlamaModel;
  readonly knownThreads: ThreadChoice | null;
  /** Most threads that can run at once. */
  readonly usable: number;
  readonly cpu: CpuFacts;
  readonly modelSha256: string;
  /** Several proposed tokens in one batch are possible with this model: what they cost is measured too. */
  readonly canPropose: boolean;
  readonly engineVersion: string;
  readonly now: () => number;
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
};

/** What was measured before; null where it was on another combination of machine, model and engine. */
export function stillTrue(
  known: ThreadChoice | null,
  here: Pick<ChoiceDeps, 'cpu' | 'modelSha256' | 'engineVersion' | 'usable'>,
): ThreadChoice | null {
  const key = threadKey(here.cpu, here.modelSha256, here.engineVersion);
  return known?.key === key && known.threads <= here.usable ? known : null;
}

/** The choice that was measured before on this very combination, or a new measurement of at most about ten seconds. */
export async function chooseThreads(deps: ChoiceDeps): Promise<ThreadChoice> {
  const known = stillTrue(deps.knownThreads, deps);
  const key = threadKey(deps.cpu, deps.modelSha256, deps.engineVersion);
  return withBatchCosts(deps, known ?? (await measured(deps, key)));
}

async function withBatchCosts(deps: ChoiceDeps, choice: ThreadChoice): Promise<ThreadChoice> {
  if (!deps.canPropose || choice.batchCosts !== undefined) return choice;
  const { model, now, signal } = deps;
  const batchCosts = await measureBatchCosts({ model, threads: choice.threads, now, signal });
  return batchCosts === null ? choice : { ...choice, batchCosts };
}

async function measured(deps: ChoiceDeps, key: string): Promise<ThreadChoice> {
  const { model, now, onProgress, signal } = deps;
  const candidates = await measureThreads({
    candidates: threadCandidates(deps.usable),
    openProbe: (threads) => openProbe(model, threads, now),
    now,
    budgetMs,
    onProgress,
    signal,
  });
  // Too slow to time even one token: all but one core is the safe guess, and the speed is honestly none.
  if (candidates.length === 0)
    return { key, threads: Math.max(1, deps.usable - 1), tokensPerSecond: 0, candidates };
  return { key, ...bestThreads(candidates), candidates };
}
