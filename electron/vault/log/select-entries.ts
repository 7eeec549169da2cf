import { parseLeaf } from './leaves-of.ts';
import type { LogReader } from './log-reader.ts';
import type { Selection } from './selection.ts';

/** Indices of the leaves among the first `size` that were selected, in order. Every leaf is looked at, never an index. */
export function selectEntries(reader: LogReader, size: number, selection: Selection): readonly number[] {
  if (selection.by === 'entries') {
    const end = Math.min(selection.to, size - 1);
    return Array.from({ length: Math.max(0, end - selection.from + 1) }, (_, n) => selection.from + n);
  }
  const entries: number[] = [];
  for (const { index, bytes } of reader.leaves(size)) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (mayFit(buffer, selection) && fits(buffer, selection)) entries.push(index);
  }
  return entries;
}

type Searched = Exclude<Selection, { by: 'entries' }>;

/** Quick, and never wrongly no: in canonical JSON these bytes stand in every leaf that fits. */
function mayFit(leaf: Buffer, selection: Searched): boolean {
  switch (selection.by) {
    case 'patient':
      return leaf.includes(`"patient":"${selection.patient}"`);
    case 'user':
      return leaf.includes(`"id":"${selection.user}"`);
    case 'time': {
      // Before it stand only `actor` and `app`, which can hold no quote.
      const from = leaf.indexOf('"at":"') + '"at":"'.length;
      return isBetween(leaf.toString('latin1', from, from + selection.from.length), selection);
    }
  }
}

function fits(bytes: Buffer, selection: Searched): boolean {
  const leaf = parseLeaf(bytes);
  if (leaf === null) return false;
  switch (selection.by) {
    case 'patient':
      return leaf.patient === selection.patient;
    case 'user':
      return leaf.actor.id === selection.user;
    case 'time':
      return isBetween(leaf.at, selection);
  }
}

/** Times of one form are in the order of their characters. */
function isBetween(at: string, { from, to }: { readonly from: string; readonly to: string }): boolean {
  return from <= at && at < to;
}
