import type { webcrypto } from 'node:crypto';

/** DER of RFC 8410's PKCS #8 wrapping of an X25519 private key, up to the 32 bytes of the key. */
const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');

/**
 * An age X25519 identity as a key object that cannot be exported, so that no text `AGE-SECRET-KEY-1...`, which
 * JavaScript cannot zero, is ever made for a user.
 * @param scalar 32 bytes; the caller zeroes them
 */
export async function importX25519Identity(scalar: Uint8Array): Promise<webcrypto.CryptoKey> {
  if (scalar.byteLength !== 32) throw new RangeError('an X25519 private key has 32 bytes');
  const der = Buffer.concat([pkcs8Prefix, scalar]);
  try {
    return await crypto.subtle.importKey('pkcs8', der, { name: 'X25519' }, false, ['deriveBits']);
  } finally {
    der.fill(0);
  }
}
