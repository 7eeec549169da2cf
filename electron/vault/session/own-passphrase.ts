import { ok, type Result } from '../../shared/result.ts';
import { openDeviceSecret, type Keychain } from '../keys/device-secret.ts';
import { unlock } from '../keys/installation.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import { forgetKeys } from '../keys/sealed-keys.ts';
import type { OpenSession } from './open-session.ts';
import { beginGuess, recordWrongGuess, type Guesses } from './wrong-guess.ts';

export type OwnPassphraseDeps = {
  readonly keychain: Keychain;
  /** Somebody at an unlocked screen guesses no faster than at a locked one. */
  readonly attempts: Guesses;
};

/**
 * Asks once more for the passphrase of whoever is signed in: somebody at an unlocked screen must not be able to do it.
 * A wrong one is recorded like one at the sign-in.
 * @returns the device secret, which the caller zeroes
 */
export async function proveOwnPassphrase(
  deps: OwnPassphraseDeps,
  keyring: Keyring,
  open: OpenSession,
  passphrase: string,
): Promise<Result<Uint8Array | null>> {
  const secret = await openDeviceSecret(deps.keychain, keyring.device);
  if (!secret.ok) return secret;
  const { userId } = open.actor;
  const guess = beginGuess(open, deps.attempts);
  const proof = guess.ok ? await unlock({ keyring, userId, passphrase, deviceSecret: secret.value }) : guess;
  if (!proof.ok) {
    secret.value?.fill(0);
    if (guess.ok && proof.error.code === 'wrong-passphrase')
      recordWrongGuess(open, deps.attempts, 'passphrase');
    return proof;
  }
  deps.attempts.succeeded(userId);
  forgetKeys(proof.value);
  return ok(secret.value);
}
