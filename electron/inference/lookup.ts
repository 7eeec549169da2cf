import type { Sampler } from '../links/model-port.ts';
import type { BatchCosts } from '../shared/batch-costs.ts';
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
/** A new request begins with this chance that a proposal is right. */
const firstChance = 0.7;
/** Of a text that copies. */
const likelyChance = 0.8;
/** Weight of each further proposal in the estimate of that chance. */
const learning = 0.12;
/** After each token without a proposal the estimate goes this share of the way back: it is tried again now and then. */
const forgetting = 0.005;

/** So many times faster at least: what was measured is not exact, and a proposal is work of its own. */
const leastGain = 1.05;

/** @returns how many proposals, of those that there are, make the most tokens in the time; 0: without any it is as fast */
function worthwhile(costs: BatchCosts, available: number, chance: number): number {
  let best = { proposals: 0, gain: leastGain };
  for (const { proposals, cost } of costs) {
    if (proposals > available) continue;
    // The token itself, and each proposal with the chance that it is reached and right.
    const tokens = (1 - chance ** (proposals + 1)) / (1 - chance);
    if (tokens / cost > best.gain) best = { proposals, gain: tokens / cost };
  }
  return best.proposals;
}

export function createLookup(costs: BatchCosts): Lookup {
  const most = Math.max(0, ...costs.map(({ proposals }) => proposals));
  let isOn = false;
  let tokens: Token[] = [];
  let places: Map<string, number> | null = null;
  let chance = firstChance;
  let open: { readonly proposed: number; readonly from: number } | null = null;

  const keyAt = (end: number): string => tokens.slice(end - patternTokens, end).join();
  const settle = (): void => {
    if (open === null) {
      chance += (firstChance - chance) * forgetting;
      return;
    }
    const accepted = Math.min(open.proposed, tokens.length - open.from - 1);
    for (let n = 0; n < accepted; n += 1) chance += (1 - chance) * learning;
    if (accepted < open.proposed) chance -= chance * learning;
    open = null;
  };
  const predictTokens = (): Token[] => {
    if (!isOn || tokens.length < patternTokens) return [];
    settle();
    // Where a pattern ends is kept only when it is followed by something: the end of the text is not its own copy.
    places ??= indexed(tokens.length - 1, keyAt);
    const from = places.get(keyAt(tokens.length));
    const found = from === undefined ? [] : tokens.slice(from, from + most);
    const proposals = found.slice(0, worthwhile(costs, found.length, chance));
    if (proposals.length > 0) open = { proposed: proposals.length, from: tokens.length };
    return proposals;
  };

  return {
    predictor: {
      reset: ({ stateTokens }) => {
        tokens = stateTokens.slice();
        places = null;
        open = null;
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
      chance = firstChance;
    },
  };
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
  return costs !== null && worthwhile(costs, Infinity, likelyChance) > 0;
}
