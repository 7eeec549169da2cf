import { createHash } from 'node:crypto';
import { publicKeyOf } from './ed25519.ts';

/** SHA-256 of the raw Ed25519 public key, in hex: how leaves name a log key. */
export function logKeyHash(seed: Uint8Array): string {
  return publicKeyHash(publicKeyOf(seed));
}

/** @param publicKey raw, 32 bytes */
export function publicKeyHash(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex');
}

/** What people compare by phone or on paper; the same text that `ssh-keygen -l` prints: `SHA256:` and 43 characters. */
export function logKeyFingerprint(publicKey: Uint8Array): string {
  const digest = createHash('sha256').update(sshPublicKey(publicKey)).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

/** RFC 8709: `string "ssh-ed25519"`, `string key`. */
export function sshPublicKey(publicKey: Uint8Array): Uint8Array {
  return Buffer.concat([sshString(Buffer.from('ssh-ed25519')), sshString(publicKey)]);
}

/** RFC 4251 section 5: length in 32 bits, then the bytes. */
export function sshString(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}
