import type { Token } from './node-llama-cpp.ts';

/**
 * In which steps a prompt is evaluated. Numbers depend in their last bits on which tokens were evaluated together, and a
 * sampled word can hang on a last bit. So the steps are a function of the prompt alone, and what is kept from before was
 * evaluated in the very same steps: then the same seed gives the same answer, whatever was read before.
 */
export type ReadingPlan = {
  readonly tokens: readonly Token[];
  /** Where steps end, in tokens from the start, growing. The last one is how far is read. */
  readonly ends: readonly number[];
  /**
   * Behind so many tokens anything that is still there is kept. An answer was evaluated word by word as it was written; to
   * read it again so, for a further question, would take as long as to write it.
   */
  readonly exactTokens: number;
};

/** What the model's state holds, and in which steps it got there. */
export type ReadState = { readonly tokens: readonly Token[]; readonly ends: readonly number[] };

/**
 * @param cuts where a step has to end, because other prompts share what is before it; growing, the last is the end
 */
export function planSteps(cuts: readonly number[], stepTokens: number): number[] {
  const ends: number[] = [];
  let from = 0;
  for (const cut of cuts) {
    for (let end = from + stepTokens; end < cut; end += stepTokens) ends.push(end);
    if (cut > from) ends.push(cut);
    from = Math.max(from, cut);
  }
  return ends;
}

/** llama.cpp multiplies rows by so many on most processors; each that is left over takes as long as these together. */
const rowsAtOnce = 4;

/**
 * Where reading ends before an answer: at the last whole step of rows that leaves a token. What is left, 1 to 4 tokens, is
 * evaluated with the first token of the answer.
 * @param from where the step before ended
 */
export function readBefore(from: number, length: number): number {
  const readable = Math.max(0, length - from - 1);
  return from + readable - (readable % rowsAtOnce);
}

export function commonLength(a: readonly Token[], b: readonly Token[]): number {
  let index = 0;
  while (index < a.length && index < b.length && a[index] === b[index]) index += 1;
  return index;
}

/** How many tokens at the start of the state the plan can keep. */
export function reusableTokens(state: ReadState | null, plan: ReadingPlan): number {
  if (state === null) return 0;
  const common = Math.min(commonLength(state.tokens, plan.tokens), plan.ends.at(-1) ?? 0);
  let kept = 0;
  for (const [index, end] of plan.ends.entries()) {
    if (end > common || state.ends[index] !== end) break;
    kept = end;
  }
  if (kept < plan.exactTokens) return kept;
  return state.ends.findLast((end) => end <= common) ?? kept;
}
