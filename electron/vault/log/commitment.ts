import { createHash } from 'node:crypto';

const domain = Uint8Array.of(0x10);

/**
 * Salted commitment to a free text: SHA-256(0x10 || salt || UTF-8 of the text), in hex. The first byte keeps it apart
 * from RFC 6962's leaf (0x00) and node (0x01) hashes.
 * @param salt 32 random bytes, used once
 * @throws RangeError for a salt of another length, or a text with a lone surrogate: two such texts share their UTF-8
 */
export function commitText(text: string, salt: Uint8Array): string {
  if (salt.byteLength !== 32) throw new RangeError('a salt has 32 bytes');
  if (!text.isWellFormed()) throw new RangeError('the text holds a lone surrogate');
  return createHash('sha256').update(domain).update(salt).update(text, 'utf8').digest('hex');
}
