import { createCipheriv, createDecipheriv, randomBytes, type webcrypto } from 'node:crypto';
import { identityToRecipient } from 'age-encryption';
import { appError } from '../../shared/app-error.ts';
import type { InstallationId, UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { canonicalBytes } from '../log/canonical-json.ts';
import { checkKdf, deriveArgon2id, passphraseBytes, recommendedKdf, type KdfParameters } from './argon2.ts';
import { keychainChanged, keyringDamaged, wrongPassphrase } from './key-errors.ts';
import type { UserRecord, WrappedKey } from './keyring-schema.ts';
import { deriveSubkey } from './subkeys.ts';
import { importX25519Identity } from './x25519-identity.ts';

/**
 * One X25519 pair per user. The private half is wrapped with AES-256-GCM under
 * HKDF(Argon2id(passphrase) || device secret); no verifier of the passphrase is stored, a successful unwrap is the proof.
 */

const tagBytes = 16;

type Owner = { readonly installationId: InstallationId; readonly userId: UserId };

/**
 * Makes a pair and wraps its private half.
 * @param deviceSecret 32 bytes, or null where this computer has no usable keychain (passphrase-only)
 * @param kdf only tests pass weaker parameters; what they make is refused by `openUserKey` without the same argument
 * @returns `invalid-input` for an empty passphrase or one that cannot be written as UTF-8; how long it must be is the caller's rule
 */
export async function createUserKey(input: {
  readonly installationId: InstallationId;
  readonly userId: UserId;
  readonly passphrase: string;
  readonly deviceSecret: Uint8Array | null;
  readonly kdf?: KdfParameters;
}): Promise<Result<{ readonly recipient: string; readonly wrapped: WrappedKey }>> {
  const passphrase = passphraseBytes(input.passphrase);
  if (passphrase === null || passphrase.byteLength === 0) return err(unusablePassphrase);
  const { memoryKiB, iterations, parallelism } = input.kdf ?? recommendedKdf;
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const scalar = randomBytes(32);
  try {
    const header: WrappedHeader = {
      v: 1,
      mode: input.deviceSecret === null ? 'passphrase-only' : 'device-bound',
      kdf: { algorithm: 'argon2id', memoryKiB, iterations, parallelism, salt: salt.toString('base64') },
    };
    const key = await deriveWrappingKey(passphrase, header, input.deviceSecret);
    try {
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(
        associatedData(input, header),
      );
      const ciphertext = Buffer.concat([cipher.update(scalar), cipher.final(), cipher.getAuthTag()]);
      const recipient = await identityToRecipient(await importX25519Identity(scalar));
      return ok({
        recipient,
        wrapped: { ...header, nonce: nonce.toString('base64'), ciphertext: ciphertext.toString('base64') },
      });
    } finally {
      key.fill(0);
    }
  } finally {
    passphrase.fill(0);
    scalar.fill(0);
  }
}

/**
 * Unwraps the private half: the proof that the person knows the passphrase (and, device-bound, sits at this computer).
 * @returns `wrong-passphrase` for a failed unwrap; `keychain-changed` where the record needs a device secret and there is
 *   none; `keyring-damaged` for parameters below the floor or a private half that is not the recipient's
 */
export async function openUserKey(input: {
  readonly installationId: InstallationId;
  readonly record: Pick<UserRecord, 'userId' | 'recipient' | 'wrapped'>;
  readonly passphrase: string;
  readonly deviceSecret: Uint8Array | null;
  readonly kdfFloor?: KdfParameters;
}): Promise<Result<webcrypto.CryptoKey>> {
  const { record } = input;
  const { nonce, ciphertext, ...header } = record.wrapped;
  const strong = checkKdf(header.kdf, input.kdfFloor ?? recommendedKdf);
  if (!strong.ok) return strong;
  if (header.mode === 'device-bound' && input.deviceSecret === null) return err(keychainChanged);
  if (header.mode === 'passphrase-only' && input.deviceSecret !== null) return err(keyringDamaged);
  const passphrase = passphraseBytes(input.passphrase);
  if (passphrase === null || passphrase.byteLength === 0) return err(wrongPassphrase);
  let scalar: Buffer | null = null;
  try {
    const key = await deriveWrappingKey(passphrase, header, input.deviceSecret);
    const aad = associatedData({ installationId: input.installationId, userId: record.userId }, header);
    try {
      scalar = decrypt(key, Buffer.from(nonce, 'base64'), aad, Buffer.from(ciphertext, 'base64'));
    } finally {
      key.fill(0);
    }
    if (scalar === null) return err(wrongPassphrase);
    const identity = await importX25519Identity(scalar);
    return (await identityToRecipient(identity)) === record.recipient ? ok(identity) : err(keyringDamaged);
  } finally {
    passphrase.fill(0);
    scalar?.fill(0);
  }
}

type WrappedHeader = Pick<WrappedKey, 'v' | 'mode' | 'kdf'>;

async function deriveWrappingKey(
  passphrase: Uint8Array,
  header: WrappedHeader,
  deviceSecret: Uint8Array | null,
): Promise<Buffer> {
  if (deviceSecret !== null && deviceSecret.byteLength !== 32)
    throw new RangeError('a device secret has 32 bytes');
  const stretched = await deriveArgon2id(passphrase, Buffer.from(header.kdf.salt, 'base64'), header.kdf);
  const both = Buffer.concat(deviceSecret === null ? [stretched] : [stretched, deviceSecret]);
  stretched.fill(0);
  try {
    return deriveSubkey(both, 'cloister/1 user key wrap');
  } finally {
    both.fill(0);
  }
}

/** Whatever decides how the blob is read is authenticated with it: nothing of it can be exchanged or weakened. */
function associatedData(owner: Owner, header: WrappedHeader): Uint8Array {
  return canonicalBytes({
    installation: owner.installationId,
    user: owner.userId,
    mode: header.mode,
    kdf: header.kdf,
    version: header.v,
  });
}

function decrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Buffer): Buffer | null {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const plain = decipher.update(sealed.subarray(0, -tagBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    plain.fill(0);
    return null;
  }
}

const unusablePassphrase = appError(
  'invalid-input',
  'That passphrase cannot be used: it is empty or holds a character that computers write in different ways. Nothing was saved. Choose another.',
);
