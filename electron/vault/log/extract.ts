import type { LogReader } from './log-reader.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { consistencyProof, inclusionProof, type ReadNode } from './merkle.ts';

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

/**
 * `consistency.txt`: the checkpoint that left the computer before, a line of dashes, and the hashes by which RFC 6962, section
 * 2.1.2, proves that its tree is the beginning of the one of `size` leaves.
 */
export function consistencyOf(earlier: string, size: number, reader: LogReader): string {
  const checkpoint = parseCheckpoint(earlier.slice(0, earlier.indexOf('\n\n') + 1));
  if (!checkpoint.ok) throw new Error('a checkpoint that is kept is none');
  const read: ReadNode = (level, position) => reader.readNode(level, position);
  const hashes = consistencyProof(checkpoint.value.size, size, read);
  const lines = hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`);
  return `${earlier}----\n${lines.join('')}`;
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
