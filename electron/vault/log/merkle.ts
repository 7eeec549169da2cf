import { createHash, hash as hashOnce } from 'node:crypto';

/**
 * RFC 6962 section 2.1: leaf hash SHA-256(0x00 || leaf), node hash SHA-256(0x01 || left || right). Stored are only the
 * hashes of complete subtrees: node (level, index) covers the leaves index * 2^level up to (index + 1) * 2^level.
 */
export type ReadNode = (level: number, index: number) => Uint8Array | null;
export type TreeNode = { readonly level: number; readonly index: number; readonly hash: Uint8Array };

export function hashLeaf(leaf: Uint8Array): Uint8Array {
  if (leaf.byteLength >= leafInput.byteLength)
    return createHash('sha256').update(Uint8Array.of(0)).update(leaf).digest();
  leafInput.set(leaf, 1);
  return hashOnce('sha256', leafInput.subarray(0, 1 + leaf.byteLength), 'buffer');
}

export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.byteLength !== 32 || right.byteLength !== 32) throw new RangeError('a node is made of two hashes');
  nodeInput.set(left, 1);
  nodeInput.set(right, 33);
  return hashOnce('sha256', nodeInput, 'buffer');
}

/** Used again for each: a hash object, or memory of its own, costs more than the hashing. */
const leafInput = Buffer.alloc(8192);
const nodeInput = Buffer.alloc(65);
nodeInput[0] = 1;

/** Root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(): Uint8Array {
  return createHash('sha256').digest();
}

/** The complete subtrees that the leaf at `leafIndex` finishes, lowest first; all must be stored. */
export function nodesAddedBy(leafIndex: number, leafHash: Uint8Array, read: ReadNode): readonly TreeNode[] {
  const added: TreeNode[] = [{ level: 0, index: leafIndex, hash: leafHash }];
  let hash = leafHash;
  for (let level = 0, index = leafIndex; index % 2 === 1; level += 1) {
    hash = hashNode(stored(read, level, index - 1), hash);
    index = (index - 1) / 2;
    added.push({ level: level + 1, index, hash });
  }
  return added;
}

/**
 * A tree that grows. The nodes at its right edge are kept, one a level: an append needs no other, and neither does the root.
 * @param stored is asked for a node of the edge that is not known yet
 */
export function createEdge(stored: ReadNode) {
  let edge: TreeNode[] = [];
  const read = (level: number, index: number): Uint8Array | null => {
    const node = edge[level];
    if (node?.index === index) return node.hash;
    const hash = stored(level, index);
    if (hash !== null) edge[level] = { level, index, hash };
    return hash;
  };
  return {
    /** @returns the complete subtrees that the leaf finishes, lowest first */
    add(index: number, leaf: Uint8Array): readonly TreeNode[] {
      const added = nodesAddedBy(index, hashLeaf(leaf), read);
      for (const node of added) edge[node.level] = node;
      return added;
    },
    root: (size: number): Uint8Array => rootOf(size, read),
    /** After leaves were added that are not stored in the end. */
    forget: (): void => {
      edge = [];
    },
  };
}

class MissingNode extends Error {}

/** For a tree that somebody may have damaged. @returns null where a node that is needed is not stored */
export function whereStored<T>(work: () => T): T | null {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof MissingNode) return null;
    throw cause;
  }
}

export function rootOf(size: number, read: ReadNode): Uint8Array {
  return size === 0 ? emptyRoot() : rangeHash(0, size, read);
}

/** RFC 6962 section 2.1.1: from the leaf's sibling up to the root's child. */
export function inclusionProof(index: number, size: number, read: ReadNode): readonly Uint8Array[] {
  if (index < 0 || index >= size) throw new RangeError('no such leaf in a tree of this size');
  const proof: Uint8Array[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + largestPowerOfTwoBelow(to - from);
    if (index < middle) {
      proof.unshift(rangeHash(middle, to, read));
      to = middle;
    } else {
      proof.unshift(rangeHash(from, middle, read));
      from = middle;
    }
  }
  return proof;
}

/** RFC 6962 section 2.1.2: that the tree of `oldSize` leaves is a prefix of the tree of `size`. */
export function consistencyProof(oldSize: number, size: number, read: ReadNode): readonly Uint8Array[] {
  if (oldSize < 1 || oldSize > size) throw new RangeError('the old tree must have between 1 and size leaves');
  return subProof(oldSize, 0, size, true, read);
}

export function verifyInclusion(claim: {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly rootHash: Uint8Array;
}): boolean {
  if (claim.index < 0 || claim.index >= claim.size) return false;
  let [position, last] = [claim.index, claim.size - 1];
  let hash = claim.leafHash;
  for (const sibling of claim.proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      hash = hashNode(sibling, hash);
      while (position % 2 === 0 && position !== 0) [position, last] = [position / 2, Math.floor(last / 2)];
    } else {
      hash = hashNode(hash, sibling);
    }
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 && equal(hash, claim.rootHash);
}

/** RFC 9162 section 2.1.4.2, the same proof as RFC 6962's. */
export function verifyConsistency(claim: {
  readonly oldSize: number;
  readonly size: number;
  readonly oldRoot: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { oldSize, size, oldRoot, root } = claim;
  if (oldSize < 1 || oldSize > size) return false;
  if (oldSize === size) return claim.proof.length === 0 && equal(oldRoot, root);
  const path = Number.isInteger(Math.log2(oldSize)) ? [oldRoot, ...claim.proof] : [...claim.proof];
  let [first, second] = [oldSize - 1, size - 1];
  while (first % 2 === 1) [first, second] = [Math.floor(first / 2), Math.floor(second / 2)];
  const [start] = path;
  if (start === undefined) return false;
  let [oldHash, newHash] = [start, start];
  for (const sibling of path.slice(1)) {
    if (second === 0) return false;
    if (first % 2 === 1 || first === second) {
      oldHash = hashNode(sibling, oldHash);
      newHash = hashNode(sibling, newHash);
      while (first % 2 === 0 && first !== 0) [first, second] = [first / 2, Math.floor(second / 2)];
    } else {
      newHash = hashNode(newHash, sibling);
    }
    [first, second] = [Math.floor(first / 2), Math.floor(second / 2)];
  }
  return second === 0 && equal(oldHash, oldRoot) && equal(newHash, root);
}

function subProof(oldSize: number, from: number, to: number, whole: boolean, read: ReadNode): Uint8Array[] {
  const size = to - from;
  if (oldSize === size) return whole ? [] : [rangeHash(from, to, read)];
  const left = largestPowerOfTwoBelow(size);
  if (oldSize <= left)
    return [...subProof(oldSize, from, from + left, whole, read), rangeHash(from + left, to, read)];
  return [...subProof(oldSize - left, from + left, to, false, read), rangeHash(from, from + left, read)];
}

/** Hash of the leaves from..to, where `from` is a multiple of the largest power of two that fits. */
function rangeHash(from: number, to: number, read: ReadNode): Uint8Array {
  const size = to - from;
  const level = Math.log2(size);
  if (Number.isInteger(level)) return stored(read, level, from / size);
  const left = largestPowerOfTwoBelow(size);
  return hashNode(rangeHash(from, from + left, read), rangeHash(from + left, to, read));
}

/** For sizes of 2 and more: the largest power of two smaller than `size`. */
function largestPowerOfTwoBelow(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1));
}

function stored(read: ReadNode, level: number, index: number): Uint8Array {
  const hash = read(level, index);
  if (hash === null) throw new MissingNode(`tree node ${level}/${index} is missing`);
  return hash;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
