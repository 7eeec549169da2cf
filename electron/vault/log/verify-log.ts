import type { LogEventType } from '../../shared/log-event-types.ts';
import { coveredBy, mayLackText, type Covered } from './retention-rule.ts';
import { leavesOf } from './leaves-of.ts';
import { parseCanonical } from './canonical-json.ts';
import { createCheckpointCheck, foreignSignature } from './checkpoint-check.ts';
import { clockToleranceMs } from './clock.ts';
import { commitText } from './commitment.ts';
import { createKeyChain, type KeyChain } from './key-chain.ts';
import { isEnvelope } from './is-envelope.ts';
import { leafDataSchemas, maximumLeafBytes, type LeafEnvelope } from './leaf.ts';
import { publicKeyHash } from './log-key.ts';
import { nodeLine, type LogReader, type Payload } from './log-reader.ts';
import { createEdge, type TreeNode } from './merkle.ts';
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

export type Expected = {
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
  const check = verifyOnce(reader, expected, onProgress, []);
  if (check.problem !== textMissing) return check;
  // Only where a text is missing does it matter which may be: those whose time was over stand at the beginning.
  const covered = coveredBy(leavesOf(reader, check.treeSize, ['retention.applied']));
  return covered.length === 0 ? check : verifyOnce(reader, expected, onProgress, covered);
}

function verifyOnce(
  reader: LogReader,
  expected: Expected,
  onProgress: (fraction: number) => void,
  covered: readonly Covered[],
): LogCheck {
  const treeSize = reader.size();
  const tree = createEdge(() => null);
  const nodes = createNodeCheck(reader.nodeLines(treeSize));
  const texts = createTextCheck(reader.payloads(treeSize), covered);
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
    const isStored = added.every(nodes.isNext);
    const problem =
      (index === count ? null : 'an entry is missing') ??
      (isStored ? null : 'the entry does not match the stored tree') ??
      (leaf === null ? 'the entry is not in its one canonical form' : clockProblem(before, leaf)) ??
      texts.problemOf(index, leaf) ??
      (leaf === null ? null : (keys.problemOf(leaf, rootBefore) ?? eventProblem(leaf)));
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
  nodes.close();
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

/** The stored nodes and the leaves come in one order, so that each is read once. A node too many is a fault as well. */
function createNodeCheck(nodeLines: Iterable<string>) {
  const stored = nodeLines[Symbol.iterator]();
  let lines = '';
  let at = 0;
  return {
    isNext(node: TreeNode): boolean {
      if (at === lines.length) {
        const next = stored.next();
        [lines, at] = [next.done === true ? '' : next.value, 0];
      }
      const line = nodeLine(node);
      if (!lines.startsWith(line, at)) return false;
      at += line.length;
      return true;
    },
    /** A handle with an open read cannot be closed. */
    close: () => stored.return?.(),
  };
}

function parseLeaf(bytes: Uint8Array, index: number): LeafEnvelope | null {
  if (bytes.byteLength > maximumLeafBytes) return null;
  const value = parseCanonical(bytes);
  return value.ok && isEnvelope(value.value) && value.value.seq === index ? value.value : null;
}

const isKnown = (event: string): event is LogEventType => Object.hasOwn(leafDataSchemas, event);

/** Null: the event is known, and its data is what this event has. */
function eventProblem({ event, data }: LeafEnvelope): string | null {
  if (!isKnown(event)) return 'the event of the entry is none that this version of the format knows';
  return leafDataSchemas[event].safeParse(data).success
    ? null
    : 'the data of the entry is not what its event has';
}

function clockProblem(before: LeafEnvelope | null, leaf: LeafEnvelope): string | null {
  // Times in one form are in the order of their texts: almost always that is all there is to see.
  if (before !== null && before.at <= leaf.at && leaf.event !== 'clock.jumped-back') return null;
  const backMs = before === null ? 0 : Date.parse(before.at) - Date.parse(leaf.at);
  if (leaf.event !== 'clock.jumped-back')
    return backMs > clockToleranceMs ? 'the clock went back and the record does not say so' : null;
  const isTrue = backMs > clockToleranceMs && leaf.data['byMs'] === backMs;
  return isTrue ? null : 'the entry tells of another jump of the clock than there was';
}

const textMissing = 'a text of the entry is missing';

/**
 * One stored text for each commitment, both in the order of entries and then of field names. Only what a step of retention
 * covers may be missing.
 */
function createTextCheck(payloads: Iterable<Payload>, covered: readonly Covered[]) {
  const stored = payloads[Symbol.iterator]();
  let next = stored.next();
  let checked = 0;
  return {
    problemOf(index: number, leaf: LeafEnvelope | null): string | null {
      if (leaf === null) return null;
      // In the order of their names, as a canonical leaf has them and the texts are stored.
      for (const [field, commitment] of Object.entries(leaf.texts)) {
        if (next.done === true || next.value.index !== index || next.value.field !== field) {
          if (mayLackText(covered, leaf)) continue;
          return textMissing;
        }
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
