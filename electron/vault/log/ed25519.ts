import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** RFC 8410: the DER that stands before a raw Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** @param seed 32 bytes (RFC 8032's private key); the caller zeroes it */
export function signEd25519(message: Uint8Array, seed: Uint8Array): Uint8Array {
  return sign(null, message, privateKey(seed));
}

/** For many signatures by one key: reading the key costs as much as signing. */
export function ed25519Signer(seed: Uint8Array): {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
} {
  const key = privateKey(seed);
  return { publicKey: publicHalf(key), sign: (message) => sign(null, message, key) };
}

/** @returns the raw 32-byte public key of a seed */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return publicHalf(privateKey(seed));
}

function publicHalf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.byteLength);
}

export function verifyEd25519(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (publicKey.byteLength !== 32 || signature.byteLength !== 64) return false;
  const key = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
}

function privateKey(seed: Uint8Array): KeyObject {
  if (seed.byteLength !== 32) throw new RangeError('an Ed25519 seed has 32 bytes');
  const der = Buffer.concat([pkcs8Prefix, seed]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}
