import { createHash } from 'node:crypto';
import { canonicalText } from './canonical-json.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { commitText } from './commitment.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from './leaf.ts';
import type { LogReader } from './log-reader.ts';
import { hashLeaf, nodesAddedBy, rootOf } from './merkle.ts';
import { openNote } from './signed-note.ts';

export type LogCheck = {
  readonly consistent: boolean;
  readonly treeSize: number;
  /** Hex; of the tree that the leaves make. */
  readonly rootHash: string;
  readonly payloadsChecked: number;
  /** The first entry that is not as it was signed; null where the fault lies in no single entry. */
  readonly firstBadEntry: number | null;
  /** For IT: what is wrong, without any text. */
  readonly problem: string | null;
};

/**
 * Everything again from the leaves: hashes, tree, the newest checkpoint's signature, canonical form, order and every
 * stored text. Memory stays constant: nodes are compared as they come.
 * @param onProgress fraction from 0 to 1
 */
export function verifyLog(
  reader: LogReader,
  expected: { readonly origin: string; readonly verifierKey: string },
  onProgress: (fraction: number) => void,
): LogCheck {
  const treeSize = reader.size();
  const edge = new Map<string, Uint8Array>();
  const read = (level: number, index: number): Uint8Array | null => edge.get(`${level}/${index}`) ?? null;
  const payloads = reader.payloads(treeSize)[Symbol.iterator]();
  let nextPayload = payloads.next();
  let payloadsChecked = 0;
  let first: { readonly entry: number | null; readonly problem: string } | null = null;
  const blame = (entry: number | null, problem: string): void => {
    first ??= { entry, problem };
  };
  let count = 0;
  for (const { index, bytes } of reader.leaves(treeSize)) {
    if (index !== count) blame(count, 'an entry is missing');
    const leaf = parseLeaf(bytes, index);
    if (leaf === null) blame(index, 'the entry is not in its one canonical form');
    for (const node of nodesAddedBy(count, hashLeaf(bytes), read)) {
      keepAtEdge(edge, node);
      const stored = reader.readNode(node.level, node.index);
      if (stored === null || Buffer.compare(stored, node.hash) !== 0) blame(index, 'the entry does not match the stored tree');
    }
    while (nextPayload.done !== true && nextPayload.value.index === index) {
      const { field, text, salt } = nextPayload.value;
      if (commitmentsOf(leaf)[field] !== commitText(text, salt)) blame(index, 'a stored text does not match its entry');
      payloadsChecked += 1;
      nextPayload = payloads.next();
    }
    count += 1;
    if (count % 1000 === 0) onProgress(count / treeSize);
  }
  if (nextPayload.done !== true) blame(null, 'there is a stored text without an entry');
  const root = count === 0 ? createHash('sha256').digest() : rootOf(count, read);
  const wrongCheckpoint = checkpointProblem(reader.checkpoint(treeSize), expected, treeSize, root);
  if (wrongCheckpoint !== null) blame(null, wrongCheckpoint);
  const found: { readonly entry: number | null; readonly problem: string } | null = first;
  return {
    consistent: found === null,
    treeSize,
    rootHash: Buffer.from(root).toString('hex'),
    payloadsChecked,
    ...blamed(found),
  };
}

function blamed(found: { readonly entry: number | null; readonly problem: string } | null): Pick<LogCheck, 'firstBadEntry' | 'problem'> {
  return { firstBadEntry: found?.entry ?? null, problem: found?.problem ?? null };
}

/** A finished node needs its children no more: what is kept is the right edge, one node a level and its left siblings. */
function keepAtEdge(edge: Map<string, Uint8Array>, node: { readonly level: number; readonly index: number; readonly hash: Uint8Array }): void {
  edge.set(`${node.level}/${node.index}`, node.hash);
  if (node.level === 0) return;
  edge.delete(`${node.level - 1}/${node.index * 2}`);
  edge.delete(`${node.level - 1}/${node.index * 2 + 1}`);
}

function parseLeaf(bytes: Uint8Array, index: number): LeafEnvelope | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const leaf = leafEnvelopeSchema.parse(JSON.parse(text));
    return leaf.seq === index && canonicalText(leaf) === text ? leaf : null;
  } catch {
    return null;
  }
}

function commitmentsOf(leaf: LeafEnvelope | null): Readonly<Record<string, string | undefined>> {
  return leaf?.texts ?? {};
}

function checkpointProblem(
  note: string | null,
  expected: { readonly origin: string; readonly verifierKey: string },
  size: number,
  root: Uint8Array,
): string | null {
  if (note === null) return 'the newest checkpoint is missing';
  const opened = openNote(note, expected.verifierKey);
  if (!opened.ok) return 'the newest checkpoint is not signed by the key of this record';
  const checkpoint = parseCheckpoint(opened.value);
  if (!checkpoint.ok || checkpoint.value.origin !== expected.origin) return 'the newest checkpoint is of another record';
  const { value } = checkpoint;
  const same = value.size === size && Buffer.compare(value.rootHash, root) === 0;
  return same ? null : 'the newest checkpoint describes another tree';
}
