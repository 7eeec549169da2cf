import type { LogReader } from './log-reader.ts';
import { inclusionProof, type ReadNode } from './merkle.ts';

/**
 * The record as an extract shows it: `leaves` and `payloads` give those of the selected entries and no other. The tree and
 * the checkpoints are those of the whole record.
 */
export function extractReader(reader: LogReader, entries: readonly number[]): LogReader {
  return {
    ...reader,
    *leaves(size, from = 0) {
      for (const index of entries) {
        if (index >= size) return;
        if (index < from) continue;
        const bytes = reader.leaf(index);
        if (bytes === null) throw new Error('a leaf is missing');
        yield { index, bytes };
      }
    },
    *payloads(size) {
      for (const index of entries) {
        if (index >= size) return;
        yield* reader.payloadsOf(index);
      }
    },
  };
}

/** C2SP tlog-proof of each entry against the one checkpoint of `size` leaves, each followed by a line of dashes. */
export function* proofsOf(
  entries: readonly number[],
  size: number,
  checkpoint: string,
  reader: LogReader,
): Iterable<Uint8Array> {
  const read = rememberHighNodes(reader);
  for (const index of entries) {
    const hashes = inclusionProof(index, size, read).map((hash) => Buffer.from(hash).toString('base64'));
    const lines = ['c2sp.org/tlog-proof@v1', `index ${index}`, ...hashes, ''];
    yield Buffer.from(`${lines.map((line) => `${line}\n`).join('')}${checkpoint}----\n`);
  }
}

/** Every proof needs the same few nodes near the root: one in 256 leaves' worth of them is kept. */
function rememberHighNodes(reader: LogReader): ReadNode {
  const known = new Map<string, Uint8Array | null>();
  return (level, position) => {
    if (level < rememberedFrom) return reader.readNode(level, position);
    const name = `${level}/${position}`;
    const found = known.get(name);
    if (found !== undefined) return found;
    const hash = reader.readNode(level, position);
    known.set(name, hash);
    return hash;
  };
}

const rememberedFrom = 8;
