import type { AppError } from '../../shared/app-error.ts';
import type { UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { openDeviceSecret, type Keychain } from '../keys/device-secret.ts';
import { unlock } from '../keys/installation.ts';
import type { Keyring, UserRecord } from '../keys/keyring-schema.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import { parseEnrolmentCode } from '../policy/enrolment-code.ts';
import type { Guesses } from './wrong-guess.ts';

export type FailureReason =
  'passphrase' | 'second-factor' | 'locked-out' | 'disabled' | 'unknown-account' | 'keychain' | 'keyring';

export type AccountDeps = {
  readonly keychain: Keychain;
  readonly attempts: Guesses & {
    /** Takes back the guess that `begin` counted last: the passphrase was right, and more is still asked for. */
    takeBack(userId: UserId): void;
  };
};

/**
 * One guess at a passphrase, or at the one-time code of an account that has none yet.
 * @returns the keys, which the caller zeroes, or why not: what is recorded of it, and what the person is told
 */
export async function openAccount(
  deps: AccountDeps,
  keyring: Keyring,
  record: UserRecord,
  typed: string,
): Promise<Result<VaultKeys, { readonly reason: FailureReason; readonly error: AppError }>> {
  const { userId } = record;
  const device = await openDeviceSecret(deps.keychain, keyring.device);
  if (!device.ok && record.state === 'active') return err({ reason: 'keychain', error: device.error });
  const guess = deps.attempts.begin(userId);
  if (!guess.ok) return err({ reason: 'locked-out', error: guess.error });
  const passphrase = record.state === 'enrolling' ? codeTyped(typed) : typed;
  const deviceSecret = device.ok ? device.value : null;
  const keys = await unlock({ keyring, userId, passphrase, deviceSecret });
  deviceSecret?.fill(0);
  if (!keys.ok) return err({ reason: reasonOf(keys.error), error: keys.error });
  deps.attempts.takeBack(userId);
  return ok(keys.value);
}

/** Codes are read as people type them; what is none is tried as it is, and refused like any wrong one. */
function codeTyped(typed: string): string {
  const code = parseEnrolmentCode(typed);
  return code.ok ? code.value : typed;
}

function reasonOf({ code }: AppError): FailureReason {
  if (code === 'wrong-passphrase') return 'passphrase';
  if (code === 'not-allowed') return 'disabled';
  return code === 'keychain-changed' ? 'keychain' : 'keyring';
}
