import { publicKeyOf, signEd25519, verifyEd25519 } from './ed25519.ts';
import { leafDataSchemas, type LeafData, type LeafEnvelope } from './leaf.ts';
import { leavesOf, parseLeaf } from './leaves-of.ts';
import { publicKeyHash } from './log-key.ts';
import type { LogReader } from './log-reader.ts';
import { formatVerifierKey } from './signed-note.ts';

/**
 * FORMAT.md, "Change of the key": same tree, same origin, another Ed25519 key from this leaf on. Both keys sign one
 * statement. It holds the root of the tree before the leaf, so that the holder of the new key cannot put another history
 * under the old key's word.
 */
export type KeyRotation = LeafData<'log.key-rotated'>;

/** Where the leaf stands: `size` and `rootHash` are of the tree before it. */
export type RotationPlace = {
  readonly origin: string;
  readonly size: number;
  readonly rootHash: Uint8Array;
};

/** @param oldSeed Ed25519 seeds of 32 bytes each; the caller zeroes them */
export function signKeyRotation(place: RotationPlace, oldSeed: Uint8Array, newSeed: Uint8Array): KeyRotation {
  const oldKey = publicKeyOf(oldSeed);
  const newKey = publicKeyOf(newSeed);
  const statement = statementOf(place, oldKey, newKey);
  return {
    oldKey: publicKeyHash(oldKey),
    oldKeyPublic: toBase64(oldKey),
    newKey: publicKeyHash(newKey),
    newKeyPublic: toBase64(newKey),
    size: place.size,
    oldSignature: toBase64(signEd25519(statement, oldSeed)),
    newSignature: toBase64(signEd25519(statement, newSeed)),
  };
}

/**
 * @param keysUntilNow hashes of the record's keys, the one in use last
 * @returns what is wrong, for IT; null where the leaf changes the key as it may
 */
export function keyRotationProblem(
  rotation: KeyRotation,
  place: RotationPlace,
  keysUntilNow: readonly string[],
): string | null {
  const oldKey = Buffer.from(rotation.oldKeyPublic, 'base64');
  const newKey = Buffer.from(rotation.newKeyPublic, 'base64');
  if (rotation.oldKey !== keysUntilNow.at(-1)) return 'the entry changes a key that was not in use';
  if (keysUntilNow.includes(rotation.newKey)) return 'the entry brings back a key of before';
  if (publicKeyHash(oldKey) !== rotation.oldKey || publicKeyHash(newKey) !== rotation.newKey)
    return 'the entry names a key by another hash than its own';
  if (rotation.size !== place.size) return 'the entry changes the key at another place than its own';
  const statement = statementOf(place, oldKey, newKey);
  const isSigned = (signature: string, key: Uint8Array): boolean =>
    verifyEd25519(statement, Buffer.from(signature, 'base64'), key);
  if (!isSigned(rotation.oldSignature, oldKey)) return 'the old key did not sign this change of the key';
  if (!isSigned(rotation.newSignature, newKey)) return 'the new key did not sign this change of the key';
  return null;
}

/** An origin begins with `cloister.`: no checkpoint can be read as such a statement, and no statement as a checkpoint. */
function statementOf(place: RotationPlace, oldKey: Uint8Array, newKey: Uint8Array): Uint8Array {
  const { origin, size, rootHash } = place;
  const lines = [
    'cloister/1 log key rotation',
    origin,
    String(size),
    toBase64(rootHash),
    formatVerifierKey(origin, oldKey),
    formatVerifierKey(origin, newKey),
  ];
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
}

export type PlacedRotation = { readonly entry: number; readonly rotation: KeyRotation };

/** The changes of the key among the first `size` leaves, unchecked. */
export function keyRotations(reader: LogReader, size: number): readonly PlacedRotation[] {
  return rotationsAmong(leavesOf(reader, size, ['log.key-rotated']));
}

export function rotationsAmong(leaves: Iterable<LeafEnvelope>): readonly PlacedRotation[] {
  const found: PlacedRotation[] = [];
  for (const { event, seq, data } of leaves) {
    const rotation = event === 'log.key-rotated' ? rotationData(data) : null;
    if (rotation !== null) found.push({ entry: seq, rotation });
  }
  return found;
}

/** Hashes of the keys that the leaves name, the one in use last; unchecked. */
export function namedKeys(reader: LogReader): readonly string[] {
  const first = parseLeaf(reader.leaf(0) ?? new Uint8Array());
  const schema = leafDataSchemas[first?.event === 'log.continued' ? 'log.continued' : 'log.created'];
  const { data } = schema.safeParse(first?.data);
  const changes = keyRotations(reader, reader.size());
  return [...(data === undefined ? [] : [data.logKey]), ...changes.map(({ rotation }) => rotation.newKey)];
}

/** @param data of a leaf; @returns null where it is not of this event's shape */
export function rotationData(data: unknown): KeyRotation | null {
  const parsed = leafDataSchemas['log.key-rotated'].safeParse(data);
  return parsed.success ? parsed.data : null;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
