import { createHash } from 'node:crypto';
import type { ModuleSource } from 'node:module';

/**
 * node-llama-cpp can evaluate several proposed tokens in one batch (`tokenPredictor`). In 3.22.1 its acceptance loop
 * compares each proposal from the second on with the last entry of a list that nothing is ever put into, so that one
 * proposal a batch counts and the others are thrown away: slower than without. Each proposal has to equal what was sampled
 * behind the one before it, which the loop keeps in `_loadedTokenPredictions`.
 *
 * The mend applies to the one text of the file that it was tried on. With any other text there is none, and nothing is
 * proposed.
 */
export const mendedFile = '/evaluator/LlamaContext/LlamaContext.js';
export const mendedFileSha256 = '32ffecb04387909e904165d9f04282862ce333ba320454462ce057546f03f958';

const stale = 'validatedTokens.at(-1)?.[1];';
const lastAccepted = 'this._loadedTokenPredictions.at(-1)?.[1][0];';
/** Tells of the mend where the class is used: the module itself is loaded once and by nobody but the library. */
const mark = 'acceptsSeveralProposals';

export function sourceText(source: ModuleSource): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}

/** @returns null where the text is another one than the mend was tried on */
export function mendAcceptance(source: string): string | null {
  if (createHash('sha256').update(source).digest('hex') !== mendedFileSha256) return null;
  const parts = source.split(stale);
  if (parts.length !== 2) return null;
  return `${parts.join(lastAccepted)}\nLlamaContextSequence.${mark} = true;\n`;
}

export function acceptsSeveralProposals(library: { readonly LlamaContextSequence: object }): boolean {
  return mark in library.LlamaContextSequence;
}
