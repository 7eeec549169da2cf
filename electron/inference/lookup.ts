import type { Sampler } from '../links/model-port.ts';
import type { BatchCosts } from '../shared/batch-costs.ts';
import { createBatchTimes } from './batch-times.ts';
import type { LlamaContextSequence, LlamaModel, Token, TokenPredictor } from './node-llama-cpp.ts';

/**
 * Speculation by input lookup: where the last words of the answer stand earlier in what the model has read or written, it
 * is asked about the words that followed there, several in one batch. Only what it would have said anyway is kept.
 */
export type Lookup = {
  /** For a sequence; it proposes nothing until it is switched on. */
  readonly predictor: TokenPredictor;
  /**
   * For greedy requests without a penalty on repetition: behind a proposal that was refused the sampler has moved on, and a
   * penalty does not count the proposals before, so that another text would come out.
   */
  switchOn(isOn: boolean): void;
};

/** Fewer tokens than this stand twice in any text without one being a copy of the other. */
const patternTokens = 3;
/**
 * The chance that the next token of a copy is right, at first; the longer a copy was right, the likelier it goes on. Each is
 * learned from every token that follows a pattern, proposed or not: what nobody proposes can be seen to be right all the same.
 */
const firstChances = [
  { fromTokens: 0, chance: 0.6 },
  { fromTokens: 6, chance: 0.85 },
  { fromTokens: 24, chance: 0.95 },
] as const;
/** Of a text that copies. */
const likelyChance = 0.85;
/** Weight of each further token. */
const learning = 0.12;
/** Nothing is certain. */
const mostChance = 0.995;

/** So many times faster at least: what was measured is not exact, and a proposal is work of its own. */
const leastGain = 1.05;

/** @returns how many proposals make the most tokens in the time; 0: without any it is as fast */
function worthwhile(costs: BatchCosts, chance: number): number {
  let best = { proposals: 0, gain: leastGain };
  for (const { proposals, cost } of costs) {
    // The token itself, and each proposal with the chance that it is reached and right.
    const tokens = (1 - chance ** (proposals + 1)) / (1 - chance);
    if (tokens / cost > best.gain) best = { proposals, gain: tokens / cost };
  }
  return best.proposals;
}

/**
 * @param costs measured where the model runs; `isWorthProposing` says whether they allow for any gain
 * @param now ms, never going back
 */
export function createLookup(costs: BatchCosts, now: () => number): Lookup {
  const times = createBatchTimes(costs, now);
  let isOn = false;
  let sequence: Pick<LlamaContextSequence, 'tokenPredictions'> | null = null;
  let evaluated = 0;
  let tokens: Token[] = [];
  let places: Map<string, number> | null = null;
  let chances: number[] = [];
  /** Where the text goes on that the answer copies, with how many tokens of it were right so far. */
  let copy: { readonly next: number; readonly right: number; readonly seen: number } | null = null;

  const keyAt = (end: number): string => tokens.slice(end - patternTokens, end).join();
  const kindOf = (right: number): number =>
    firstChances.findLastIndex(({ fromTokens }) => fromTokens <= right);
  const learn = (right: number, isRight: boolean): void => {
    const kind = kindOf(right);
    const before = chances[kind] ?? 0;
    chances[kind] = Math.min(mostChance, before + ((isRight ? 1 : 0) - before) * learning);
  };
  /** Goes through what was said since. @returns the copy, if it was right all the way */
  const followed = (): typeof copy => {
    if (copy === null) return null;
    let { next, right } = copy;
    for (let at = copy.seen; at < tokens.length; at += 1) {
      const isRight = tokens[next] === tokens[at];
      learn(right, isRight);
      if (!isRight) return null;
      next += 1;
      right += 1;
    }
    return { next, right, seen: tokens.length };
  };
  const begun = (): typeof copy => {
    // Where a pattern ends is kept only when it is followed by something: the end of the text is not its own copy.
    places ??= indexed(tokens.length - 1, keyAt);
    const next = places.get(keyAt(tokens.length));
    return next === undefined ? null : { next, right: 0, seen: tokens.length };
  };

  const proposed = (): Token[] => {
    if (!isOn || tokens.length < patternTokens) return [];
    copy = followed() ?? begun();
    if (copy === null) return [];
    const count = worthwhile(times.costs(), chances[kindOf(copy.right)] ?? 0);
    return goingOn(tokens, copy.next, count);
  };
  const predictTokens = (): Token[] => {
    const before = evaluated;
    evaluated = evaluatedProposals(sequence);
    times.next(evaluated - before);
    return proposed();
  };
  const startAnew = (): void => {
    times.startAnew();
    copy = null;
    chances = firstChances.map(({ chance }) => chance);
  };

  return {
    predictor: {
      reset: ({ stateTokens, targetSequence }) => {
        sequence = targetSequence;
        tokens = stateTokens.slice();
        places = null;
        copy = null;
      },
      pushTokens: (added) => {
        for (const token of added) {
          if (places !== null && tokens.length >= patternTokens)
            places.set(keyAt(tokens.length), tokens.length);
          tokens.push(token);
        }
      },
      predictTokens,
      stop: () => undefined,
      updateInputTokens: () => undefined,
      dispose: () => {
        tokens = [];
        places = null;
      },
      [Symbol.dispose]: () => undefined,
    },
    switchOn: (wanted) => {
      isOn = wanted;
      startAnew();
    },
  };
}

/** Over the whole life of the sequence. */
function evaluatedProposals(sequence: Pick<LlamaContextSequence, 'tokenPredictions'> | null): number {
  return sequence === null ? 0 : sequence.tokenPredictions.validated + sequence.tokenPredictions.refuted;
}

/** So many of the tokens from there on; a text that repeats its own end goes on repeating it. */
function goingOn(tokens: readonly Token[], from: number, count: number): Token[] {
  const period = tokens.length - from;
  return Array.from({ length: count }, (_, n) => tokens[from + (n % period)] as Token);
}

/** The latest place behind each pattern. */
function indexed(length: number, keyAt: (end: number) => string): Map<string, number> {
  const places = new Map<string, number>();
  for (let end = patternTokens; end <= length; end += 1) places.set(keyAt(end), end);
  return places;
}

/** Not on models that cannot take a token back without reading again: hybrid, recurrent, sliding window (node-llama-cpp#652). */
export function canLookUp(model: Pick<LlamaModel, 'fileInsights'>): boolean {
  const { isHybrid, isRecurrent, swaSize } = model.fileInsights;
  return !isHybrid && !isRecurrent && (swaSize ?? 0) === 0;
}

/** See `switchOn`. The vault asks greedily where an answer copies from its source. */
export function isGreedy(sampler: Sampler): boolean {
  return sampler.temperature === 0 && sampler.repeatPenalty === 1;
}

/** Tokens that were sampled and used, over the whole life of the sequence: the meter counts proposals that were refused too. */
export function sampledTokens(sequence: LlamaContextSequence): number {
  const { used, validated, refuted } = sequence.tokenPredictions;
  return sequence.tokenMeter.usedOutputTokens - validated - refuted + used;
}

/** Where even a likely proposal gains nothing, none is looked for. */
export function isWorthProposing(costs: BatchCosts | null): costs is BatchCosts {
  return costs !== null && worthwhile(costs, likelyChance) > 0;
}
