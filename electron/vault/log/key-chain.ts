import { keyRotationProblem, rotationData } from './key-rotation.ts';
import { leafDataSchemas, type LeafEnvelope } from './leaf.ts';
import { continuationData, continuationProblem } from './log-continuation.ts';
import { formatVerifierKey } from './signed-note.ts';

/** Which key signs, followed from the first leaf through each change of the key. */
export type KeyChain = {
  /**
   * To be called with each leaf in order.
   * @param rootBefore root of the tree before the leaf; only a change of the key needs it
   * @returns what is wrong with the key that the leaf begins or changes; null for every other leaf
   */
  problemOf(leaf: LeafEnvelope, rootBefore: Uint8Array | null): string | null;
  /** The key that signed until this leaf, where the leaf changed it; else null. */
  endedBy(entry: number): string | null;
  /** Whether the leaves name this key (SHA-256 of the raw public key, hex). */
  includes(keyHash: string): boolean;
  /** Verifier key of the key in use; null while no leaf has changed the first one, of which the leaves hold the hash only. */
  current(): string | null;
  /** The leaf that brought the key in use. */
  since(): number;
};

export function createKeyChain(origin: string): KeyChain {
  const keys: string[] = [];
  let ended: { readonly entry: number; readonly verifierKey: string } | null = null;
  let current: string | null = null;
  const vkey = (base64: string): string => formatVerifierKey(origin, Buffer.from(base64, 'base64'));

  function begin(leaf: LeafEnvelope): string | null {
    if (leaf.event === 'log.continued') return continueRecord(leaf);
    const created = leafDataSchemas['log.created'].safeParse(leaf.data);
    if (leaf.event !== 'log.created' || !created.success || created.data.origin !== origin)
      return 'the first entry does not begin this record';
    keys.push(created.data.logKey);
    return null;
  }

  function continueRecord(leaf: LeafEnvelope): string | null {
    const continuation = continuationData(leaf.data);
    if (continuation === null) return 'the first entry does not begin this record';
    keys.push(continuation.logKey);
    return continuationProblem(continuation, origin);
  }

  function change(leaf: LeafEnvelope, rootHash: Uint8Array): string | null {
    const rotation = rotationData(leaf.data);
    if (rotation === null) return 'the entry is no change of the key';
    const problem = keyRotationProblem(rotation, { origin, size: leaf.seq, rootHash }, keys);
    if (problem !== null) return problem;
    keys.push(rotation.newKey);
    ended = { entry: leaf.seq, verifierKey: vkey(rotation.oldKeyPublic) };
    current = vkey(rotation.newKeyPublic);
    return null;
  }

  return {
    problemOf(leaf, rootBefore) {
      if (leaf.seq === 0) return begin(leaf);
      if (leaf.event !== 'log.key-rotated') return null;
      if (rootBefore === null) throw new Error('a change of the key without the root before it');
      return change(leaf, rootBefore);
    },
    endedBy: (entry) => (ended?.entry === entry ? ended.verifierKey : null),
    includes: (keyHash) => keys.includes(keyHash),
    current: () => current,
    since: () => ended?.entry ?? 0,
  };
}
