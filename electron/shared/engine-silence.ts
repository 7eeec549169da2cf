import { stepTokens } from './engine-step.ts';

/**
 * How long an inference process may say nothing while something runs. A step of it takes a time that is known from the measured
 * speed of the model, so a slow computer is not taken for a dead one.
 */

/** A step of a file check or of loading: a slow disk says nothing for a while. */
const loadSilenceMs = 120_000;
const shortestSilenceMs = 20_000;
/** How much slower than measured a step may be: other programs want the processor too. */
const patience = 5;
/** Of the silence that ends the process. */
const saidAfterShare = 1 / 4;

/** @returns ms; a process that is silent for so long is ended and replaced */
export function silenceLimitMs(what: 'load' | 'answer', tokensPerSecond: number | null): number {
  if (what === 'load' || tokensPerSecond === null || tokensPerSecond <= 0) return loadSilenceMs;
  // A step of reading takes at most as long as writing as many tokens.
  return Math.max(shortestSilenceMs, (patience * stepTokens * 1000) / tokensPerSecond);
}

/** @returns ms, 5,000 for most models; a silence so long is said, and so long may a process take to stop when it is asked to */
export function noticeableSilenceMs(tokensPerSecond: number | null): number {
  return silenceLimitMs('answer', tokensPerSecond) * saidAfterShare;
}
