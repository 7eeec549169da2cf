import type { LlamaModel, Token } from './node-llama-cpp.ts';

const rounds = 5;
const proposals = 7;
const budgetMs = 4000;
/** Says nothing about anybody. */
const neutralText = 'The sky is blue and the grass is green. The sea is wide and the hills are far away.';

/**
 * Times one token alone against eight in one batch, in turns, as proposals would be evaluated: with a token sampled behind each.
 * @returns what each of the seven took, in times of the one; null where there was no time for even one round
 */
export async function measureProposalCost(deps: {
  readonly model: LlamaModel;
  readonly threads: number;
  readonly now: () => number;
  readonly signal: AbortSignal;
}): Promise<number | null> {
  const { model, threads, now, signal } = deps;
  const context = await model.createContext({
    contextSize: Math.min(256, model.trainContextSize),
    batchSize: 64,
    threads: { ideal: threads, min: threads },
  });
  try {
    const sequence = context.getSequence();
    const tokens = model.tokenize(neutralText);
    const timed = async (batch: readonly Token[]): Promise<number> => {
      const startedAt = now();
      await sequence.controlledEvaluate(
        batch.map((token) => [token, { generateNext: { token: true, options: { temperature: 0 } } }]),
      );
      return now() - startedAt;
    };
    const batch = tokens.slice(0, 1 + proposals);
    const deadline = now() + budgetMs;
    await timed(batch);
    const costs: number[] = [];
    for (let round = 0; round < rounds && now() < deadline; round += 1) {
      signal.throwIfAborted();
      const alone = await timed(batch.slice(0, 1));
      const together = await timed(batch);
      if (alone > 0) costs.push((together / alone - 1) / proposals);
    }
    // The dearest round: what is remembered from a busy moment may make proposals too few, and never too many. Timers are
    // coarse: less than the floor would promise too much.
    return costs.length === 0 ? null : Math.max(0.02, ...costs);
  } finally {
    await context.dispose();
  }
}
