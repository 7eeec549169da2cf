/**
 * `named`: the entry or the file; `in-range`: the smallest range between checkpoints that holds it; `found`: where the fault
 * is in no single entry; `misnamed`: found, and another place was told.
 */
export type Verdict = 'named' | 'in-range' | 'found' | 'misnamed' | 'missed';
export type Tampering = { readonly what: string; readonly verdict: Verdict; readonly detail: string };

/** What is to be told: an entry, a file, or only that something is wrong. */
export type Expected = { readonly entry?: number; readonly file?: string };
export type Told =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly entry?: number | undefined;
      readonly range?: readonly number[] | undefined;
      readonly file?: string | undefined;
    };

/** @param checkpoints sizes of those that left the machine, ascending */
export function judge(expected: Expected, told: Told, checkpoints: readonly number[]): Verdict {
  if (told.ok) return 'missed';
  const { entry, file } = expected;
  if (entry !== undefined) {
    if (told.entry === entry) return 'named';
    const [from, to] = told.range ?? [];
    if (from === undefined || to === undefined) return 'misnamed';
    const isSmallest =
      from === (checkpoints.findLast((size) => size <= entry) ?? 0) &&
      to + 1 <= (checkpoints.find((size) => size > entry) ?? Number.POSITIVE_INFINITY);
    return isSmallest && from <= entry && entry <= to ? 'in-range' : 'misnamed';
  }
  if (file === undefined) return 'found';
  return told.file?.replaceAll('"', '').startsWith(file) === true ? 'named' : 'misnamed';
}

export type Random = () => number;
export const below = (random: Random, end: number): number => Math.floor(random() * end);
/** @throws where there is none */
export function pick<T>(random: Random, all: readonly T[]): T {
  const found = all[below(random, all.length)];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
}
export function flipped(random: Random, bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  const at = below(random, copy.length);
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << below(random, 8)), at);
  return copy;
}
