import { randomBytes, type webcrypto } from 'node:crypto';
import { appError } from '../../shared/app-error.ts';
import type { InstallationId, UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { canonicalBytes } from '../log/canonical-json.ts';
import { identityToRecipient } from './age.ts';
import { checkKdf, passphraseBytes, recommendedKdf, type KdfParameters } from './argon2.ts';
import { keychainChanged, keyringDamaged, wrongPassphrase } from './key-errors.ts';
import type { HolderRecord, WrappedKey } from './keyring-schema.ts';
import { unwrapScalar, wrapScalar, type WrappedHeader } from './wrapped-scalar.ts';
import { importX25519Identity } from './x25519-identity.ts';

/** One X25519 pair per user, its private half wrapped under the passphrase and this computer's device secret. */

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
  const scalar = randomBytes(32);
  try {
    const header: WrappedHeader = {
      v: 1,
      mode: input.deviceSecret === null ? 'passphrase-only' : 'device-bound',
      kdf: { algorithm: 'argon2id', memoryKiB, iterations, parallelism, salt: salt.toString('base64') },
    };
    const wrapped = await wrapScalar(scalar, header, {
      known: passphrase,
      deviceSecret: input.deviceSecret,
      associatedData: associatedData(input, header),
    });
    return ok({
      recipient: await identityToRecipient(await importX25519Identity(scalar)),
      wrapped,
    });
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
  readonly record: Pick<HolderRecord, 'userId' | 'recipient' | 'wrapped'>;
  readonly passphrase: string;
  readonly deviceSecret: Uint8Array | null;
  readonly kdfFloor?: KdfParameters;
}): Promise<Result<webcrypto.CryptoKey>> {
  const { record } = input;
  const { nonce: _nonce, ciphertext: _ciphertext, ...header } = record.wrapped;
  const strong = checkKdf(header.kdf, input.kdfFloor ?? recommendedKdf);
  if (!strong.ok) return strong;
  if (header.mode === 'device-bound' && input.deviceSecret === null) return err(keychainChanged);
  if (header.mode === 'passphrase-only' && input.deviceSecret !== null) return err(keyringDamaged);
  if (header.mode === 'enrolment') return err(keyringDamaged);
  const passphrase = passphraseBytes(input.passphrase);
  if (passphrase === null || passphrase.byteLength === 0) return err(wrongPassphrase);
  let scalar: Buffer | null = null;
  try {
    scalar = await unwrapScalar(record.wrapped, {
      known: passphrase,
      deviceSecret: input.deviceSecret,
      associatedData: associatedData({ installationId: input.installationId, userId: record.userId }, header),
    });
    if (scalar === null) return err(wrongPassphrase);
    const identity = await importX25519Identity(scalar);
    return (await identityToRecipient(identity)) === record.recipient ? ok(identity) : err(keyringDamaged);
  } finally {
    passphrase.fill(0);
    scalar?.fill(0);
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

const unusablePassphrase = appError(
  'invalid-input',
  'That passphrase cannot be used: it is empty or holds a character that computers write in different ways. Nothing was saved. Choose another.',
);
