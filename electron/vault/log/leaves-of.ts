import { logEventTypeSchema, type LogEventType } from '../../shared/log-event-types.ts';
import { parseCanonical } from './canonical-json.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from './leaf.ts';
import type { LogReader } from './log-reader.ts';

/**
 * The leaves of these events among the first `size`. Reads every leaf, since the index beside them is not part of what is
 * signed; a leaf that is none is passed over.
 */
export function* leavesOf(
  reader: LogReader,
  size: number,
  events: readonly LogEventType[],
): Iterable<LeafEnvelope> {
  // In canonical JSON no text of a leaf can hold these bytes: its quotes would be escaped.
  const markers = events.map((event) => Buffer.from(`"event":"${event}"`));
  for (const { bytes } of reader.leaves(size)) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!markers.some((marker) => buffer.includes(marker))) continue;
    const leaf = parseLeaf(bytes);
    if (leaf !== null && events.some((event) => event === leaf.event)) yield leaf;
  }
}

export type ReadLeaf = { readonly leaf: LeafEnvelope; readonly type: LogEventType };

/** For reports, which tell what a leaf says whether or not it is in its one canonical form. @returns null where it is none */
export function readLeaf(bytes: Uint8Array): ReadLeaf | null {
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    const leaf = leafEnvelopeSchema.safeParse(JSON.parse(text));
    const type = logEventTypeSchema.safeParse(leaf.data?.event);
    return leaf.success && type.success ? { leaf: leaf.data, type: type.data } : null;
  } catch {
    return null;
  }
}

export function parseLeaf(bytes: Uint8Array): LeafEnvelope | null {
  const value = parseCanonical(bytes);
  const leaf = value.ok ? leafEnvelopeSchema.safeParse(value.value) : null;
  return leaf?.success === true ? leaf.data : null;
}
