import type { BatchCosts } from '../shared/batch-costs.ts';
import { median } from './measure-threads.ts';
import type { LlamaModel, Token } from './node-llama-cpp.ts';

const rounds = 5;
/** Batches of 2 to 16 tokens, first those that most often pay: there may not be time for all. */
const sizes = [3, 7, 1, 15, 11, 2, 5];
const budgetMs = 6000;
/** Says nothing about anybody. */
const neutralText = 'The sky is blue and the grass is green. The sea is wide and the hills are far away.';

/**
 * Times one token alone against several in one batch, in turns, as proposals would be evaluated: with a token sampled behind each.
 * @returns medians; null where there was no time for even one
 */
export async function measureBatchCosts(deps: {
  readonly model: LlamaModel;
  readonly threads: number;
  readonly now: () => number;
  readonly signal: AbortSignal;
}): Promise<BatchCosts | null> {
  const { model, threads, now, signal } = deps;
  const context = await model.createContext({
    contextSize: Math.min(512, model.trainContextSize),
    batchSize: 64,
    threads: { ideal: threads, min: threads },
  });
  try {
    const sequence = context.getSequence();
    const tokens = model.tokenize(neutralText);
    const timed = async (batch: readonly Token[]): Promise<number> => {
      signal.throwIfAborted();
      await sequence.clearHistory();
      const startedAt = now();
      await sequence.controlledEvaluate(
        batch.map((token) => [token, { generateNext: { token: true, options: { temperature: 0 } } }]),
      );
      return now() - startedAt;
    };
    const deadline = now() + budgetMs;
    await timed(tokens.slice(0, 1));
    const timings = sizes.map((proposals) => ({ proposals, ratios: [] as number[] }));
    for (let round = 0; round < rounds; round += 1) {
      for (const { proposals, ratios } of timings) {
        if (now() >= deadline) break;
        const alone = await timed(tokens.slice(0, 1));
        const together = await timed(tokens.slice(0, 1 + proposals));
        if (alone > 0) ratios.push(together / alone);
      }
    }
    const costs = timings.flatMap(({ proposals, ratios }) =>
      ratios.length === 0 ? [] : [{ proposals, cost: Math.max(leastCost, median(ratios)) }],
    );
    return costs.length === 0 ? null : costs.toSorted((a, b) => a.proposals - b.proposals);
  } finally {
    await context.dispose();
  }
}

/** Timers are coarse: a batch that seems to cost less than a token promises too much. */
const leastCost = 1.02;
