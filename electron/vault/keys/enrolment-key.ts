import { randomBytes, type webcrypto } from 'node:crypto';
import { appError } from '../../shared/app-error.ts';
import type { UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { canonicalBytes } from '../log/canonical-json.ts';
import { identityToRecipient } from './age.ts';
import { checkKdf, recommendedKdf, type KdfParameters } from './argon2.ts';
import { keyringDamaged } from './key-errors.ts';
import type { HolderRecord, WrappedKey } from './keyring-schema.ts';
import { unwrapScalar, wrapScalar, type WrappedHeader } from './wrapped-scalar.ts';
import { importX25519Identity } from './x25519-identity.ts';

/**
 * A key pair that a one-time code opens: made by IT for a new account or a forgotten passphrase, here or in a provisioning
 * file on another computer, so neither the installation nor a device secret is bound in. The code has 100 random bits;
 * the first person to use it chooses a passphrase, and a pair of their own replaces this one.
 */

/** @param code as `enrolment-code.ts` normalises it */
export async function createEnrolmentKey(input: {
  readonly userId: UserId;
  readonly code: string;
  readonly kdf?: KdfParameters;
}): Promise<{ readonly recipient: string; readonly wrapped: WrappedKey }> {
  const { memoryKiB, iterations, parallelism } = input.kdf ?? recommendedKdf;
  const scalar = randomBytes(32);
  const known = Buffer.from(input.code, 'utf8');
  try {
    const header: WrappedHeader = {
      v: 1,
      mode: 'enrolment',
      kdf: {
        algorithm: 'argon2id',
        memoryKiB,
        iterations,
        parallelism,
        salt: randomBytes(16).toString('base64'),
      },
    };
    const associatedData = associatedDataOf(input.userId, header);
    const wrapped = await wrapScalar(scalar, header, { known, deviceSecret: null, associatedData });
    return {
      recipient: await identityToRecipient(await importX25519Identity(scalar)),
      wrapped,
    };
  } finally {
    scalar.fill(0);
    known.fill(0);
  }
}

/** @returns `wrong-passphrase` for another code; `keyring-damaged` for weakened parameters or a foreign recipient */
export async function openEnrolmentKey(input: {
  readonly record: Pick<HolderRecord, 'userId' | 'recipient' | 'wrapped'>;
  readonly code: string;
  readonly kdfFloor?: KdfParameters;
}): Promise<Result<webcrypto.CryptoKey>> {
  const { record } = input;
  const { nonce: _nonce, ciphertext: _ciphertext, ...header } = record.wrapped;
  if (header.mode !== 'enrolment') return err(keyringDamaged);
  const strong = checkKdf(header.kdf, input.kdfFloor ?? recommendedKdf);
  if (!strong.ok) return strong;
  if (input.code === '') return err(wrongCode);
  const known = Buffer.from(input.code, 'utf8');
  let scalar: Buffer | null = null;
  try {
    const associatedData = associatedDataOf(record.userId, header);
    scalar = await unwrapScalar(record.wrapped, { known, deviceSecret: null, associatedData });
    if (scalar === null) return err(wrongCode);
    const identity = await importX25519Identity(scalar);
    return (await identityToRecipient(identity)) === record.recipient ? ok(identity) : err(keyringDamaged);
  } finally {
    known.fill(0);
    scalar?.fill(0);
  }
}

function associatedDataOf(userId: UserId, { mode, kdf, v }: WrappedHeader): Uint8Array {
  return canonicalBytes({ user: userId, mode, kdf, version: v });
}

const wrongCode = appError(
  'wrong-passphrase',
  'That is not the one-time code of this account. Nothing was lost. Compare it with the sheet, group by group; if it was used already, ask IT for a new one.',
);
