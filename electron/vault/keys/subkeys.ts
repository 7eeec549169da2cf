import { hkdfSync } from 'node:crypto';

/** What a key derived from another may be used for. One purpose, one key; the words are part of the file format. */
export type KeyPurpose =
  'cloister/1 user key wrap' | 'cloister/1 keyring authentication' | 'cloister/1 backup manifest';

/**
 * HKDF-SHA-256 (RFC 5869) with an empty salt: the input is a uniform key or holds one already (Argon2id output, DEK).
 * @returns 32 bytes; the caller zeroes them
 */
export function deriveSubkey(key: Uint8Array, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), purpose, 32));
}
