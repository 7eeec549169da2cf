import type { LlamaContextSequence } from './node-llama-cpp.ts';
import { reusableTokens, type ReadingPlan, type ReadState } from './reading-plan.ts';

/** How far a prompt was read, and how much of that was there before. */
export type Read = { readonly readTokens: number; readonly reusedTokens: number };

export type PromptReader = {
  /** Brings the model's state to the end of the plan, or less far when `signal` aborts. */
  read(plan: ReadingPlan, onFraction: (fraction: number) => void, signal: AbortSignal): Promise<Read>;
  /**
   * An answer was written behind what was read: what was left of the request was a step, with the first token of the answer,
   * and each token of the answer one more.
   */
  answered(requestTokens: number): void;
  /** After a fault nothing is known about the state, and a source that left the desk leaves the memory too. */
  forget(): Promise<void>;
};

export function createPromptReader(sequence: LlamaContextSequence): PromptReader {
  let state: ReadState | null = null;
  return {
    read: async (plan, onFraction, signal) => {
      const target = plan.ends.at(-1) ?? 0;
      const kept = reusableTokens(state, plan);
      const before = state;
      state = null;
      await sequence.adaptStateToTokens(plan.tokens.slice(0, kept), false);
      // A model that cannot step back (recurrent, sliding window) may have kept less.
      let read = sequence.nextTokenIndex;
      const reusedTokens = read;
      const ends = before?.ends.filter((end) => end <= read) ?? [];
      if (read > 0 && ends.at(-1) !== read) ends.push(read);
      for (const end of plan.ends) {
        if (end <= read) continue;
        if (signal.aborted) break;
        await sequence.evaluateWithoutGeneratingNewTokens(plan.tokens.slice(read, end));
        read = end;
        ends.push(end);
        onFraction(read / target);
      }
      state = { tokens: plan.tokens.slice(0, read), ends };
      return { readTokens: read, reusedTokens };
    },
    answered: (requestTokens) => {
      if (state === null) return;
      const tokens = [...sequence.contextTokens];
      const ends = [...state.ends];
      for (let end = requestTokens; end <= tokens.length; end += 1) ends.push(end);
      state = { tokens, ends };
    },
    forget: async () => {
      state = null;
      await sequence.clearHistory();
    },
  };
}
