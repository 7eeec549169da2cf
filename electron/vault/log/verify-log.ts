import { parseCanonical } from './canonical-json.ts';
import { createCheckpointCheck, foreignSignature } from './checkpoint-check.ts';
import { clockToleranceMs } from './clock.ts';
import { commitText } from './commitment.ts';
import { createKeyChain, type KeyChain } from './key-chain.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from './leaf.ts';
import { publicKeyHash } from './log-key.ts';
import type { LogReader, Payload } from './log-reader.ts';
import { emptyRoot, hashLeaf, nodesAddedBy, rootOf, type TreeNode } from './merkle.ts';
import { parseVerifierKey } from './signed-note.ts';

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

type Expected = {
  readonly origin: string;
  /** The record's key, or one of before: from there on the leaves that change the key lead to the one that signs now. */
  readonly verifierKey: string;
};
type Fault = { readonly entry: number | null; readonly problem: string };

/**
 * Everything again from the leaves: hashes, tree, every stored checkpoint, canonical form, order, clock and every stored
 * text, each checkpoint by the key of its time. Memory stays constant: nodes are compared as they come.
 * @param reader of one snapshot, as `openSnapshotReader` gives
 * @param onProgress fraction from 0 to 1
 */
export function verifyLog(
  reader: LogReader,
  expected: Expected,
  onProgress: (fraction: number) => void,
): LogCheck {
  const treeSize = reader.size();
  const tree = createEdge();
  const texts = createTextCheck(reader.payloads(treeSize));
  const checkpoints = createCheckpointCheck(reader, expected.origin, treeSize);
  const keys = createKeyChain(expected.origin);
  const faults: Fault[] = [];
  let before: LeafEnvelope | null = null;
  let count = 0;
  for (const { index, bytes } of reader.leaves(treeSize)) {
    const leaf = parseLeaf(bytes, index);
    // What lies under the tree's edge is forgotten when the leaf is added.
    const rootBefore = leaf?.event === 'log.key-rotated' ? tree.root(count) : null;
    const added = tree.add(count, bytes);
    const isStored = added.every((node) => isSame(reader.readNode(node.level, node.index), node.hash));
    const problem =
      (index === count ? null : 'an entry is missing') ??
      (isStored ? null : 'the entry does not match the stored tree') ??
      (leaf === null ? 'the entry is not in its one canonical form' : clockProblem(before, leaf)) ??
      texts.problemOf(index, leaf) ??
      (leaf === null ? null : keys.problemOf(leaf, rootBefore));
    if (problem !== null) faults.push({ entry: count, problem });
    const endedKey = keys.endedBy(count);
    const wrongCheckpoint = endedKey === null ? null : checkpoints.problemUntilNow(endedKey);
    if (wrongCheckpoint !== null) faults.push({ entry: null, problem: wrongCheckpoint });
    before = leaf;
    count += 1;
    checkpoints.reached(count, () => tree.root(count));
    if (count % 1000 === 0) onProgress(count / treeSize);
    // The first fault is what is told; what follows it would only be its echo.
    if (faults.length > 0) break;
  }
  const [fault = atTheEnd({ texts, checkpoints, keys, expected })] = faults;
  texts.close();
  return {
    consistent: fault === null,
    treeSize,
    rootHash: Buffer.from(tree.root(count)).toString('hex'),
    payloadsChecked: texts.checked(),
    firstBadEntry: fault?.entry ?? null,
    problem: fault?.problem ?? null,
  };
}

function atTheEnd(checks: {
  readonly texts: ReturnType<typeof createTextCheck>;
  readonly checkpoints: ReturnType<typeof createCheckpointCheck>;
  readonly keys: KeyChain;
  readonly expected: Expected;
}): Fault | null {
  const { texts, checkpoints, keys, expected } = checks;
  const key = parseVerifierKey(expected.verifierKey);
  if (key === null || !keys.includes(publicKeyHash(key.publicKey))) {
    // The leaves lead to another key than the one that is held: where that one signs, a change of the key is missing.
    return checkpoints.newestIsSignedBy(expected.verifierKey)
      ? { entry: keys.since(), problem: 'the entry brings another key than the one that signs' }
      : { entry: null, problem: checkpoints.problemAtEnd() ?? foreignSignature };
  }
  const problem =
    checkpoints.problemUntilNow(keys.current() ?? expected.verifierKey) ??
    texts.problemAtEnd() ??
    checkpoints.problemAtEnd();
  return problem === null ? null : { entry: null, problem };
}

/** A finished node needs its children no more: what is kept is the tree's right edge. */
function createEdge() {
  const nodes = new Map<string, Uint8Array>();
  const read = (level: number, index: number): Uint8Array | null => nodes.get(`${level}/${index}`) ?? null;
  return {
    add(index: number, leaf: Uint8Array): readonly TreeNode[] {
      const added = nodesAddedBy(index, hashLeaf(leaf), read);
      for (const node of added) {
        nodes.set(`${node.level}/${node.index}`, node.hash);
        nodes.delete(`${node.level - 1}/${node.index * 2}`);
        nodes.delete(`${node.level - 1}/${node.index * 2 + 1}`);
      }
      return added;
    },
    root: (size: number): Uint8Array => (size === 0 ? emptyRoot() : rootOf(size, read)),
  };
}

function parseLeaf(bytes: Uint8Array, index: number): LeafEnvelope | null {
  const value = parseCanonical(bytes);
  const leaf = value.ok ? leafEnvelopeSchema.safeParse(value.value) : null;
  return leaf?.success === true && leaf.data.seq === index ? leaf.data : null;
}

function clockProblem(before: LeafEnvelope | null, leaf: LeafEnvelope): string | null {
  const backMs = before === null ? 0 : Date.parse(before.at) - Date.parse(leaf.at);
  if (leaf.event !== 'clock.jumped-back')
    return backMs > clockToleranceMs ? 'the clock went back and the record does not say so' : null;
  const isTrue = backMs > clockToleranceMs && leaf.data['byMs'] === backMs;
  return isTrue ? null : 'the entry tells of another jump of the clock than there was';
}

/** One stored text for each commitment, both in the order of entries and then of field names. */
function createTextCheck(payloads: Iterable<Payload>) {
  const stored = payloads[Symbol.iterator]();
  let next = stored.next();
  let checked = 0;
  return {
    problemOf(index: number, leaf: LeafEnvelope | null): string | null {
      if (leaf === null) return null;
      const commitments = Object.entries(leaf.texts).toSorted(([a], [b]) => (a < b ? -1 : 1));
      for (const [field, commitment] of commitments) {
        if (next.done === true || next.value.index !== index || next.value.field !== field)
          return 'a text of the entry is missing';
        const { salt, text } = next.value;
        if (salt.byteLength !== 32 || commitText(text, salt) !== commitment)
          return 'a stored text does not match its entry';
        checked += 1;
        next = stored.next();
      }
      return next.done !== true && next.value.index === index
        ? 'there is a stored text that the entry does not commit to'
        : null;
    },
    problemAtEnd: (): string | null =>
      next.done === true ? null : 'there is a stored text without an entry',
    checked: () => checked,
    /** A handle with an open read cannot be closed. */
    close: () => stored.return?.(),
  };
}

function isSame(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && Buffer.compare(a, b) === 0;
}
