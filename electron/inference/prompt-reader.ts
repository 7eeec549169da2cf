import type { LlamaContextSequence, Token } from './node-llama-cpp.ts';

/** Tokens evaluated in one step. A stop acts between two steps, so this is also what a stop may have to wait for. */
export const stepTokens = 64;

/** How a prompt got into the model's state: the part up to `readTokens` was evaluated in steps counted from its start. */
export type Read = { readonly tokens: readonly Token[]; readonly readTokens: number };

export type PromptReader = {
  /**
   * Brings the model's state to the prompt without its last token (that one is evaluated with the first token of the
   * answer). Returns the number of prompt tokens in the state: all but one, or fewer when `signal` aborted.
   */
  read(
    tokens: readonly Token[],
    onFraction: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<number>;
  /** After a fault nothing is known about the state: the next prompt is read from its start. */
  forget(): Promise<void>;
};

function commonLength(a: readonly Token[], b: readonly Token[]): number {
  let index = 0;
  while (index < a.length && index < b.length && a[index] === b[index]) index += 1;
  return index;
}

/**
 * How much of the state the new prompt can keep. Numbers depend in their last bits on which tokens were evaluated
 * together, and a sampled word can hang on a last bit. So only whole steps are kept, or everything when it is the
 * very same prompt: then the same seed gives the same answer, whatever was asked before.
 */
export function reusableTokens(previous: Read | null, tokens: readonly Token[]): number {
  if (previous === null) return 0;
  const common = Math.min(previous.readTokens, commonLength(previous.tokens, tokens));
  if (previous.tokens.length === tokens.length && common === tokens.length - 1) return common;
  return Math.floor(common / stepTokens) * stepTokens;
}

export function createPromptReader(sequence: LlamaContextSequence): PromptReader {
  let previous: Read | null = null;
  return {
    read: async (tokens, onFraction, signal) => {
      const target = tokens.length - 1;
      const kept = Math.min(target, reusableTokens(previous, tokens));
      previous = null;
      await sequence.adaptStateToTokens(tokens.slice(0, kept), false);
      // A model that cannot step back (recurrent, sliding window) may have kept less.
      let read = sequence.nextTokenIndex;
      while (read < target && !signal.aborted) {
        const step = tokens.slice(read, Math.min(target, read - (read % stepTokens) + stepTokens));
        await sequence.evaluateWithoutGeneratingNewTokens(step);
        read += step.length;
        onFraction(read / target);
      }
      previous = { tokens: [...tokens], readTokens: read };
      return read;
    },
    forget: async () => {
      previous = null;
      await sequence.clearHistory();
    },
  };
}
