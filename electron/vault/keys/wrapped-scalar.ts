import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deriveArgon2id } from './argon2.ts';
import type { WrappedKey } from './keyring-schema.ts';
import { deriveSubkey } from './subkeys.ts';

/**
 * AES-256-GCM of a user's X25519 private half under HKDF(Argon2id(what the person knows) || device secret). No verifier
 * is stored: a successful unwrap is the proof.
 */
const tagBytes = 16;

export type WrappedHeader = Pick<WrappedKey, 'v' | 'mode' | 'kdf'>;

type Wrapping = {
  /** Bytes of a passphrase or of a one-time code; the caller zeroes them. */
  readonly known: Uint8Array;
  /** 32 bytes; null where this computer has no usable keychain, and for one-time codes. */
  readonly deviceSecret: Uint8Array | null;
  /** Whatever decides how the blob is read is authenticated with it: nothing of it can be exchanged or weakened. */
  readonly associatedData: Uint8Array;
};

export async function wrapScalar(
  scalar: Uint8Array,
  header: WrappedHeader,
  wrapping: Wrapping,
): Promise<WrappedKey> {
  const nonce = randomBytes(12);
  const key = await deriveWrappingKey(header, wrapping);
  try {
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(
      wrapping.associatedData,
    );
    const ciphertext = Buffer.concat([cipher.update(scalar), cipher.final(), cipher.getAuthTag()]);
    return { ...header, nonce: nonce.toString('base64'), ciphertext: ciphertext.toString('base64') };
  } finally {
    key.fill(0);
  }
}

/** @returns the 32 bytes, which the caller zeroes; null where this is not what the person knows, or the blob is damaged */
export async function unwrapScalar(wrapped: WrappedKey, wrapping: Wrapping): Promise<Buffer | null> {
  const { nonce, ciphertext, ...header } = wrapped;
  const key = await deriveWrappingKey(header, wrapping);
  try {
    const sealed = Buffer.from(ciphertext, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), {
      authTagLength: tagBytes,
    })
      .setAAD(wrapping.associatedData)
      .setAuthTag(sealed.subarray(-tagBytes));
    const plain = decipher.update(sealed.subarray(0, -tagBytes));
    try {
      decipher.final();
      return plain;
    } catch {
      plain.fill(0);
      return null;
    }
  } finally {
    key.fill(0);
  }
}

async function deriveWrappingKey(header: WrappedHeader, { known, deviceSecret }: Wrapping): Promise<Buffer> {
  if (deviceSecret !== null && deviceSecret.byteLength !== 32)
    throw new RangeError('a device secret has 32 bytes');
  const stretched = await deriveArgon2id(known, Buffer.from(header.kdf.salt, 'base64'), header.kdf);
  const both = Buffer.concat(deviceSecret === null ? [stretched] : [stretched, deviceSecret]);
  stretched.fill(0);
  try {
    return deriveSubkey(both, 'cloister/1 user key wrap');
  } finally {
    both.fill(0);
  }
}
