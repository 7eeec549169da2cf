import type { InstallationId, UserId } from '../../shared/ids.ts';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { verifierKeyFor } from '../log/signed-note.ts';
import type { KdfParameters } from './argon2.ts';
import { createDeviceSecret, type Keychain } from './device-secret.ts';
import { keyringDamaged, recoveryKeyDoesNotOpen } from './key-errors.ts';
import { authenticateKeyring, isKeyringAuthentic } from './keyring-authentication.ts';
import {
  keyringSchema,
  type Keyring,
  type RecoveryRecord,
  type UserRecord,
  type WrappedKey,
} from './keyring-schema.ts';
import { recipientOf, type RecoveryIdentity } from './recovery-key.ts';
import { openEnrolmentKey } from './enrolment-key.ts';
import { forgetKeys, openSealedVaultKeys, type VaultKeys } from './sealed-keys.ts';
import { openUserKey } from './user-key.ts';
import { activeRecord, enrollingRecord, type Account } from './user-record.ts';

export type NewUser = Account & { readonly passphrase: string };
/** An account of a provisioning file, with the key pair that its one-time code opens. */
export type EnrollingUser = Account & {
  readonly enrolment: { readonly recipient: string; readonly wrapped: WrappedKey };
};

/**
 * Composes the first keyring of an installation. Writes nothing; the caller zeroes `keys`.
 * @param recovery recipients with the keys sealed to them (holder: the recipient), each proven by opening
 * @param kdf only tests pass weaker parameters
 * @returns `recovery-not-proven` without a recovery recipient, `keychain-required`, or what `createUserKey` refuses
 */
export async function createInstallation(input: {
  readonly installationId: InstallationId;
  readonly epoch: number;
  readonly organisationName: string;
  readonly createdAt: string;
  readonly keys: VaultKeys;
  readonly keychain: Keychain;
  readonly users: readonly NewUser[];
  readonly enrolling?: readonly EnrollingUser[];
  readonly organisationKey?: string;
  readonly recovery: readonly RecoveryRecord[];
  readonly log: { readonly origin: string; readonly verifierKey: string };
  /** `required`: not without a usable keychain. */
  readonly deviceBinding?: 'preferred' | 'required';
  readonly kdf?: KdfParameters;
}): Promise<Result<Keyring>> {
  const { installationId, epoch, keys, kdf } = input;
  if (input.recovery.length === 0) return err(recoveryMissing);
  const { secret, device } = await createDeviceSecret(input.keychain);
  try {
    if (input.deviceBinding === 'required' && device.mode !== 'device-bound') return err(keychainRequired);
    const users: UserRecord[] = [];
    // One after the other: each derivation takes 64 MiB.
    for (const { passphrase, ...account } of input.users) {
      const secrets = { passphrase, deviceSecret: secret, ...(kdf === undefined ? {} : { kdf }) };
      const record = await activeRecord({ installationId, epoch, keys }, account, secrets);
      if (!record.ok) return record;
      users.push(record.value);
    }
    for (const { enrolment, ...account } of input.enrolling ?? [])
      users.push(await enrollingRecord({ installationId, epoch, keys }, account, enrolment));
    const { organisationName, createdAt, log } = input;
    const recovery = input.recovery.map(({ recipient, sealed, provenAt }) => ({
      recipient,
      sealed,
      provenAt,
    }));
    const content = {
      v: 1,
      generation: 1,
      installationId,
      epoch,
      organisationName,
      organisationKey: input.organisationKey ?? null,
      createdAt,
      device,
      users,
      recovery,
      log,
    } as const;
    return ok(keyringSchema.parse(authenticateKeyring(content, keys.dek)));
  } finally {
    secret?.fill(0);
  }
}

/**
 * Passphrase (and device secret) to vault keys; of an enrolling account the one-time code in the place of a passphrase. What this proves: the person can unwrap this account's private half; the
 * keys were sealed for this account, installation and epoch; the log key is the keyring's; nobody without the DEK changed
 * the keyring. That the DEK is the record's own is proven by opening the record.
 * @param kdfFloor only tests pass a lower one
 * @returns the keys, which the caller zeroes; `wrong-passphrase`, `keychain-changed`, `keyring-damaged`, `not-allowed`
 */
export async function unlock(input: {
  readonly keyring: Keyring;
  readonly userId: UserId;
  readonly passphrase: string;
  readonly deviceSecret: Uint8Array | null;
  readonly kdfFloor?: KdfParameters;
}): Promise<Result<VaultKeys>> {
  const { keyring, userId, passphrase, deviceSecret, kdfFloor } = input;
  const { installationId, epoch } = keyring;
  const record = keyring.users.find((user) => user.userId === userId);
  if (record === undefined) return err(accountUnknown);
  if (record.state === 'disabled') return err(accountDisabled);
  if (record.state === 'reset') return err(accountNeedsCode);
  const floor = kdfFloor === undefined ? {} : { kdfFloor };
  const identity =
    record.state === 'active'
      ? await openUserKey({ installationId, record, passphrase, deviceSecret, ...floor })
      : await openEnrolmentKey({ record, code: passphrase, ...floor });
  if (!identity.ok) return identity;
  const opened = await openSealedVaultKeys({
    identity: identity.value,
    installationId,
    epoch,
    holder: userId,
    sealed: record.sealed,
  });
  return opened.ok ? agreeing(keyring, opened.value) : opened;
}

/** For IT: the same keys from a recovery identity. @returns also `recovery-wrong-key` */
export async function unlockWithRecoveryKey(input: {
  readonly keyring: Keyring;
  readonly identity: RecoveryIdentity;
}): Promise<Result<VaultKeys>> {
  const { keyring, identity } = input;
  const { installationId, epoch } = keyring;
  const holder = await recipientOf(identity);
  const record = keyring.recovery.find(({ recipient }) => recipient === holder);
  if (record === undefined) return err(recoveryKeyDoesNotOpen);
  const opened = await openSealedVaultKeys({
    identity,
    installationId,
    epoch,
    holder,
    sealed: record.sealed,
  });
  return opened.ok ? agreeing(keyring, opened.value) : opened;
}

/** age does not authenticate who sealed: anybody can seal other keys to a public recipient. Both checks need the true ones. */
function agreeing(keyring: Keyring, keys: VaultKeys): Result<VaultKeys> {
  const { origin, verifierKey, nextVerifierKey } = keyring.log;
  const { logSeed, nextLogSeed } = keys;
  const nextKey = nextLogSeed === undefined ? undefined : verifierKeyFor(origin, nextLogSeed);
  if (
    verifierKeyFor(origin, logSeed) === verifierKey &&
    nextKey === nextVerifierKey &&
    isKeyringAuthentic(keyring, keys.dek)
  )
    return ok(keys);
  forgetKeys(keys);
  return err(keyringDamaged);
}

const recoveryMissing = appError(
  'recovery-not-proven',
  'There is no recovery key: if the passphrases were forgotten, the record would be lost. Nothing was set up yet. Add a recovery key and open it once.',
);
const keychainRequired = appError(
  'keychain-required',
  'The policy of this organisation wants half of the key in the keychain of this computer, and there is none that Cloister can use. Nothing was set up. IT: give this account a keychain that is unlocked (on Linux gnome-keyring or KWallet), then start Cloister again; "cloister doctor" says what it finds.',
);
const accountUnknown = appError(
  'not-allowed',
  'This account is not on this computer. Nothing was changed. Choose another account.',
);
const accountNeedsCode = appError(
  'not-allowed',
  'This account needs a new one-time code before it can be used again. Its record is kept. Ask IT for the code.',
);
const accountDisabled = appError(
  'not-allowed',
  'This account was switched off by IT. Its record is kept. Choose another account, or call IT.',
);
