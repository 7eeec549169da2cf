import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  emptyRoot,
  hashLeaf,
  hashNode,
  inclusionProof,
  nodesAddedBy,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type ReadNode,
} from './merkle.ts';

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
const bytes = (text: string): Buffer => Buffer.from(text, 'hex');

function treeOf(leaves: readonly Uint8Array[]): {
  readonly read: ReadNode;
  readonly stored: ReadonlyMap<string, Uint8Array>;
} {
  const stored = new Map<string, Uint8Array>();
  const read: ReadNode = (level, index) => stored.get(`${level}/${index}`) ?? null;
  leaves.forEach((leaf, index) => {
    for (const node of nodesAddedBy(index, hashLeaf(leaf), read))
      stored.set(`${node.level}/${node.index}`, node.hash);
  });
  return { read, stored };
}

/** The vectors of the Certificate Transparency reference implementation (merkletree tests). */
const leaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(bytes);
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('the vectors of Certificate Transparency', () => {
  const { read } = treeOf(leaves);

  it('give every root', () => {
    expect(hex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(roots.map((_, index) => hex(rootOf(index + 1, read)))).toEqual(roots);
  });

  it('give the proofs of inclusion', () => {
    expect(inclusionProof(0, 8, read).map(hex)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(inclusionProof(2, 3, read).map(hex)).toEqual([
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    ]);
  });

  it('give the proofs of consistency', () => {
    expect(consistencyProof(1, 1, read)).toEqual([]);
    expect(consistencyProof(6, 8, read).map(hex)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
    expect(consistencyProof(2, 5, read).map(hex)).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ]);
  });
});

describe('the example of RFC 9162 section 2.1.5', () => {
  // Its tree of seven leaves, with its names: a to f are the first six leaf hashes, d6 (here j) the last.
  const data = Array.from({ length: 7 }, (_, index) => Buffer.from(`d${index}`));
  const { read } = treeOf(data);
  const [a, b, c, d, e, f, j] = data.map(hashLeaf);
  const join = (left?: Uint8Array, right?: Uint8Array): Uint8Array =>
    hashNode(left ?? Buffer.alloc(0), right ?? Buffer.alloc(0));
  const [g, h, i] = [join(a, b), join(c, d), join(e, f)];
  const [k, l] = [join(g, h), join(i, j)];
  const hexes = (...hashes: readonly (Uint8Array | undefined)[]): string[] =>
    hashes.map((hash) => hex(hash ?? Buffer.alloc(0)));

  it('gives the root and the proofs of inclusion', () => {
    expect(hex(rootOf(7, read))).toBe(hex(join(k, l)));
    expect([0, 3, 4, 6].map((index) => inclusionProof(index, 7, read).map(hex))).toEqual([
      hexes(b, h, l),
      hexes(c, g, l),
      hexes(f, j, k),
      hexes(i, k),
    ]);
  });

  it('gives the proofs of consistency', () => {
    expect([3, 4, 6].map((size) => consistencyProof(size, 7, read).map(hex))).toEqual([
      hexes(c, d, g, l),
      hexes(l),
      hexes(i, j, k),
    ]);
  });
});

/** RFC 6962 section 2.1, word for word. */
function naiveRoot(all: readonly Uint8Array[]): Uint8Array {
  const [only] = all;
  if (only === undefined) return createHash('sha256').digest();
  if (all.length === 1) return hashLeaf(only);
  const split = splitOf(all.length);
  return hashNode(naiveRoot(all.slice(0, split)), naiveRoot(all.slice(split)));
}
function naivePath(m: number, all: readonly Uint8Array[]): Uint8Array[] {
  if (all.length <= 1) return [];
  const split = splitOf(all.length);
  if (m < split) return [...naivePath(m, all.slice(0, split)), naiveRoot(all.slice(split))];
  return [...naivePath(m - split, all.slice(split)), naiveRoot(all.slice(0, split))];
}
function naiveConsistency(m: number, all: readonly Uint8Array[], whole = true): Uint8Array[] {
  if (m === all.length) return whole ? [] : [naiveRoot(all)];
  const split = splitOf(all.length);
  if (m <= split) return [...naiveConsistency(m, all.slice(0, split), whole), naiveRoot(all.slice(split))];
  return [...naiveConsistency(m - split, all.slice(split), false), naiveRoot(all.slice(0, split))];
}
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

const made = Array.from({ length: 80 }, (_, index) => Buffer.from(`leaf ${index}`));
const pair = fc
  .integer({ min: 1, max: 80 })
  .chain((size) => fc.tuple(fc.integer({ min: 1, max: size }), fc.constant(size)));

describe('against the recursive definition', () => {
  const { read } = treeOf(made);

  it('every root up to eighty leaves is the same', () => {
    for (let size = 0; size <= 80; size += 1)
      expect(hex(rootOf(size, read))).toBe(hex(naiveRoot(made.slice(0, size))));
  });

  it('stores exactly the complete subtrees', () => {
    const { stored } = treeOf(made.slice(0, 7));
    expect([...stored.keys()].toSorted()).toEqual([
      '0/0',
      '0/1',
      '0/2',
      '0/3',
      '0/4',
      '0/5',
      '0/6',
      '1/0',
      '1/1',
      '1/2',
      '2/0',
    ]);
  });

  it('proofs of inclusion are the same, verify, and verify for nothing else', () => {
    fc.assert(
      fc.property(pair, fc.nat(), ([position, size], noise) => {
        const index = position - 1;
        const proof = inclusionProof(index, size, read);
        const claim = {
          index,
          size,
          leafHash: hashLeaf(made[index] ?? Buffer.alloc(0)),
          proof,
          rootHash: rootOf(size, read),
        };
        expect(proof.map(hex)).toEqual(naivePath(index, made.slice(0, size)).map(hex));
        expect(verifyInclusion(claim)).toBe(true);
        expect(verifyInclusion({ ...claim, leafHash: hashLeaf(Buffer.from(`other ${noise}`)) })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: [...proof, Buffer.alloc(32)] })).toBe(false);
        if (proof.length > 0) expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false);
        if (size > 1) expect(verifyInclusion({ ...claim, index: (index + 1) % size })).toBe(false);
      }),
    );
  });

  it('proofs of consistency are the same, verify, and verify for nothing else', () => {
    fc.assert(
      fc.property(pair, ([oldSize, size]) => {
        const proof = consistencyProof(oldSize, size, read);
        const claim = { oldSize, size, oldRoot: rootOf(oldSize, read), root: rootOf(size, read), proof };
        expect(proof.map(hex)).toEqual(naiveConsistency(oldSize, made.slice(0, size)).map(hex));
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, root: Buffer.alloc(32) })).toBe(false);
        expect(verifyConsistency({ ...claim, oldRoot: Buffer.alloc(32) })).toBe(false);
        expect(verifyConsistency({ ...claim, proof: [...proof, Buffer.alloc(32)] })).toBe(false);
        if (proof.length > 0) expect(verifyConsistency({ ...claim, proof: proof.slice(0, -1) })).toBe(false);
      }),
    );
  });

  it('refuses sizes and places that there are not', () => {
    expect(() => inclusionProof(3, 3, read)).toThrow(RangeError);
    expect(() => consistencyProof(0, 3, read)).toThrow(RangeError);
    expect(() => consistencyProof(4, 3, read)).toThrow(RangeError);
    expect(() => rootOf(81, read)).toThrow('is missing');
  });
});
