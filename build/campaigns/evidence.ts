import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';

/**
 * What a process that is about to be killed has done so far, one line of JSON each, synced before it goes on. It lies
 * outside the data folder and holds every key in the clear: the installation is made up.
 */
const lineSchema = z.union([
  z.strictObject({ dek: z.string() }),
  /** The record as it was after the last leaf was committed. */
  z.strictObject({ size: z.int(), root: z.string() }),
  z.strictObject({ logSeed: z.string() }),
  /** The key of a rotation that was reported as done: the record's, or the seed that signs. */
  z.strictObject({ rotated: z.string() }),
]);
type Line = z.infer<typeof lineSchema>;

export type Evidence = {
  /** Every key that was ever made, in hex, in order. */
  readonly deks: readonly string[];
  readonly logSeeds: readonly string[];
  readonly record: { readonly size: number; readonly root: string };
  /** Keys of rotations that were reported as done. */
  readonly rotated: readonly string[];
};

export function note(path: string, line: Line): void {
  const file = openSync(path, 'a', 0o600);
  try {
    writeSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function readEvidence(path: string): Evidence {
  const deks: string[] = [];
  const logSeeds: string[] = [];
  const rotated: string[] = [];
  let record: Evidence['record'] | null = null;
  for (const text of readFileSync(path, 'utf8')
    .split('\n')
    .filter((found) => found.endsWith('}'))) {
    const line = lineSchema.parse(JSON.parse(text));
    if ('dek' in line) deks.push(line.dek);
    else if ('logSeed' in line) logSeeds.push(line.logSeed);
    else if ('rotated' in line) rotated.push(line.rotated);
    else record = line;
  }
  if (record === null) throw new Error('the evidence does not tell of a record');
  return { deks, logSeeds, record, rotated };
}
