import type { LeafEnvelope } from './leaf.ts';

/** A leaf `retention.applied`: the texts of entries below `to` were deleted after it. FORMAT.md, "Rules between leaves". */
export type Covered = { readonly entry: number; readonly to: number; readonly atMs: number };

/** Six years of 365 days, the shortest time that 45 CFR 164.316(b)(2)(i) can mean. */
const shortestKeptMs = 6 * 365 * 24 * 3_600_000;

export function coveredBy(steps: Iterable<LeafEnvelope>): readonly Covered[] {
  return [...steps].flatMap(({ seq, at, data }) =>
    typeof data['to'] === 'number' ? [{ entry: seq, to: data['to'], atMs: Date.parse(at) }] : [],
  );
}

/** Whether the record itself says that this leaf's texts were deleted, not before their time. */
export function mayLackText(covered: readonly Covered[], { seq, at }: LeafEnvelope): boolean {
  const atMs = Date.parse(at);
  return covered.some((step) => seq < step.to && seq < step.entry && step.atMs - atMs >= shortestKeptMs);
}
