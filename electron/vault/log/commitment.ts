import { createHash, hash } from 'node:crypto';

const domain = 0x10;
/** Used again for each text: a hash object costs more than the hashing of a page. */
const input = Buffer.alloc(16_384);
input[0] = domain;

/**
 * Salted commitment to a free text: SHA-256(0x10 || salt || UTF-8 of the text), in hex. The first byte keeps it apart
 * from RFC 6962's leaf (0x00) and node (0x01) hashes.
 * @param salt 32 random bytes, used once
 * @throws RangeError for a salt of another length, or a text with a lone surrogate: two such texts share their UTF-8
 */
export function commitText(text: string, salt: Uint8Array): string {
  if (salt.byteLength !== 32) throw new RangeError('a salt has 32 bytes');
  if (!text.isWellFormed()) throw new RangeError('the text holds a lone surrogate');
  // A character of UTF-16 has at most three bytes in UTF-8.
  if (33 + 3 * text.length > input.byteLength)
    return createHash('sha256').update(Uint8Array.of(domain)).update(salt).update(text, 'utf8').digest('hex');
  input.set(salt, 1);
  const used = input.subarray(0, 33 + input.write(text, 33, 'utf8'));
  const commitment = hash('sha256', used, 'hex');
  // Nothing of a text stays longer than it is needed.
  used.fill(0, 1);
  return commitment;
}
