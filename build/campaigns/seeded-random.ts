import { createHash } from 'node:crypto';

/** The same numbers for the same seed on every machine: SHA-256 of a counter. @returns from 0 up to and without 1 */
export function createSeededRandom(seed: string): () => number {
  let counter = 0;
  return () => {
    counter += 1;
    return createHash('sha256').update(`${seed}/${counter}`).digest().readUInt32BE() / 2 ** 32;
  };
}
