import { appError, type AppError } from '../../shared/app-error.ts';
import type { SignedInUser, SignInStep } from '../../shared/session-contract.ts';
import type { UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { createKeyringEditor, type KeyringEditor } from '../accounts/keyring-editor.ts';
import type { LatePassphraseMeter } from '../accounts/late-passphrase-meter.ts';
import type { SealedJournal } from '../journal/sealed-journal.ts';
import { createDeviceSecret, openDeviceSecret, type Keychain } from '../keys/device-secret.ts';
import { unlockWithRecoveryKey } from '../keys/installation.ts';
import type { Keyring, UserRecord } from '../keys/keyring-schema.ts';
import { parseRecoveryIdentity, recipientHash, recipientOf } from '../keys/recovery-key.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import type { Clock } from '../log/clock.ts';
import type { Installation } from '../setup/installation-files.ts';
import { openAccount, type AccountDeps, type FailureReason } from './open-account.ts';
import type { OpenSession } from './open-session.ts';
import type { RecordKeys } from './open-with-journal.ts';
import { createPendingSignIn, type PendingSignIn } from './pending-sign-in.ts';
import { recordEvent } from './record-event.ts';

export type SignInDeps = AccountDeps & {
  readonly clock: Clock;
  readonly dataFolder: string;
  readonly installation: () => Result<Installation>;
  /** The key file was changed: read it again. */
  readonly reload: () => void;
  /** For what happens while there is no key to the log. */
  readonly journal: Pick<SealedJournal, 'append'>;
  /** Opens the record with these keys and brings in what the journal holds. */
  readonly open: (input: RecordKeys) => Promise<Result<OpenSession>>;
  readonly secondFactorRequired: () => boolean;
  readonly measure: LatePassphraseMeter;
  /** Everything is done: the session begins. */
  readonly completed: (open: OpenSession, user: SignedInUser, keyring: KeyringEditor) => void;
};

/** From a tile on the screen to an open session, one step at a time. Nothing is given out before the last step. */
export type SignIn = {
  start(userId: UserId, passphrase: string): Promise<Result<SignInStep>>;
  recover(userId: UserId, identity: string): Promise<Result<SignInStep>>;
  giveSecondFactor(code: string): Result<SignInStep>;
  choosePassphrase(passphrase: string): Promise<Result<SignInStep>>;
  goOn(): Result<SignInStep>;
  /** A passphrase is being tried at this moment. */
  isBusy(): boolean;
  /** The record that a half-done sign-in has opened; null when there is none. */
  pending(): OpenSession | null;
};

export function createSignIn(deps: SignInDeps): SignIn {
  let pending: PendingSignIn | null = null;
  /** One derivation at a time: Argon2id takes 64 MiB each. */
  let busy = false;

  async function alone(work: () => Promise<Result<SignInStep>>): Promise<Result<SignInStep>> {
    if (busy) return err(appError('invalid-input', 'Somebody is signing in already. Wait a moment.'));
    busy = true;
    try {
      return await work();
    } finally {
      busy = false;
    }
  }

  async function refused(
    userId: UserId | null,
    reason: FailureReason,
    error: AppError,
  ): Promise<Result<never>> {
    await deps.journal.append({ type: 'sign-in.failed', user: userId, reason });
    if (userId !== null && reason === 'passphrase' && deps.attempts.isLockedOut(userId))
      await deps.journal.append({ type: 'sign-in.locked-out', user: userId });
    return err(error);
  }

  function accountOf(userId: UserId): Result<{ keyring: Keyring; record: UserRecord }> {
    const current = deps.installation();
    if (!current.ok) return current;
    const { keyring } = current.value;
    const record = keyring?.users.find((user) => user.userId === userId);
    return keyring === null || record === undefined ? err(unknownAccount) : ok({ keyring, record });
  }

  async function start(userId: UserId, passphrase: string): Promise<Result<SignInStep>> {
    if (pending !== null) return err(halfDone);
    const account = accountOf(userId);
    if (!account.ok) return refused(null, 'unknown-account', account.error);
    const { keyring, record } = account.value;
    const keys = await openAccount(deps, keyring, record, passphrase);
    if (!keys.ok) return refused(userId, keys.error.reason, keys.error.error);
    return openPending(
      keyring,
      record,
      keys.value,
      record.state === 'active' ? 'passphrase' : 'one-time-code',
    );
  }

  async function recover(userId: UserId, text: string): Promise<Result<SignInStep>> {
    if (pending !== null) return err(halfDone);
    const account = accountOf(userId);
    if (!account.ok) return account;
    const { keyring, record } = account.value;
    if (record.role !== 'it-admin' && record.role !== 'sole-practitioner') return err(notAnAdministrator);
    const identity = parseRecoveryIdentity(text);
    if (!identity.ok) return identity;
    const keys = await unlockWithRecoveryKey({ keyring, identity: identity.value });
    if (!keys.ok) return refused(userId, 'keyring', keys.error);
    const recipient = recipientHash(await recipientOf(identity.value));
    const step = await openPending(keyring, record, keys.value, 'recovery-key');
    if (!step.ok) return step;
    withPending((half) => recordRecovery(half, recipient));
    return step;
  }

  async function openPending(
    keyring: Keyring,
    record: UserRecord,
    keys: VaultKeys,
    openedWith: 'passphrase' | 'one-time-code' | 'recovery-key',
  ): Promise<Result<SignInStep>> {
    const { userId, displayName, role } = record;
    const user: SignedInUser = { userId, displayName, role };
    const opened = await deps.open({ keyring, keys, user });
    // The keys opened, and no record of this computer with them: the key file of another installation, say.
    if (!opened.ok) return refused(userId, 'keyring', opened.error);
    const editor = createKeyringEditor({
      dataFolder: deps.dataFolder,
      dek: opened.value.dek,
      current: () => currentKeyring(deps),
      onChanged: deps.reload,
    });
    pending = createPendingSignIn({
      open: opened.value,
      user,
      keyring: editor,
      openedWith,
      secondFactorRequired: deps.secondFactorRequired(),
      passphraseProblem: async (passphrase) => {
        const strength = await deps.measure(passphrase, [displayName, keyring.organisationName]);
        return strength.acceptable ? null : strength.advice;
      },
      deviceSecret: () => deviceSecretFor(deps.keychain, currentKeyring(deps), openedWith === 'recovery-key'),
      guesses: deps.attempts,
      nowIso: () => new Date(deps.clock.nowMs()).toISOString(),
    });
    return goTo(pending.next());
  }

  function goTo(step: SignInStep): Result<SignInStep> {
    if (step.next === 'signed-in' && pending !== null) {
      const { open, user, keyring } = pending;
      deps.attempts.succeeded(user.userId);
      // Should its first leaves not be written, the record is still closed with the half-done sign-in.
      deps.completed(open, user, keyring);
      pending = null;
    }
    return ok(step);
  }

  const withPending = (act: (half: PendingSignIn) => Result<SignInStep>): Result<SignInStep> => {
    if (pending === null) return err(nothingBegun);
    const step = act(pending);
    return step.ok ? goTo(step.value) : step;
  };

  return {
    start: (userId, passphrase) => alone(() => start(userId, passphrase)),
    recover: (userId, identity) => alone(() => recover(userId, identity)),
    giveSecondFactor: (code) => withPending((half) => half.giveSecondFactor(code)),
    choosePassphrase: (passphrase) =>
      alone(async () => {
        if (pending === null) return err(nothingBegun);
        const step = await pending.choosePassphrase(passphrase);
        return step.ok ? goTo(step.value) : step;
      }),
    goOn: () => withPending((half) => ok(half.goOn())),
    isBusy: () => busy,
    pending: () => pending?.open ?? null,
  };
}

function currentKeyring(deps: Pick<SignInDeps, 'installation'>): Keyring {
  const current = deps.installation();
  if (!current.ok || current.value.keyring === null)
    throw new Error('the key file went away in an open session');
  return current.value.keyring;
}

function recordRecovery({ open, user, next }: PendingSignIn, recipient: string): Result<SignInStep> {
  const { userId } = user;
  recordEvent(open, { type: 'recovery.used', outcome: 'attention', data: { recipient, user: userId } });
  if (open.factors.remove(userId))
    recordEvent(open, { type: 'second-factor.removed', data: { user: userId, kind: 'totp' } });
  return ok(next());
}

/** @returns `changed` where a recovery met a keychain that has lost its half: then a new half is made */
async function deviceSecretFor(keychain: Keychain, keyring: Keyring, afterRecovery: boolean) {
  const secret = await openDeviceSecret(keychain, keyring.device);
  if (secret.ok) return ok({ secret: secret.value, changed: null });
  if (!afterRecovery) return secret;
  const made = await createDeviceSecret(keychain);
  return ok({ secret: made.secret, changed: made.device });
}

const unknownAccount = appError('not-set-up', 'This account is not on this computer. Choose another.');
const halfDone = appError(
  'invalid-input',
  'A sign-in is half done. Finish it or cancel it first; nothing was opened.',
);
const nothingBegun = appError('not-signed-in', 'The sign-in was not begun or took too long. Begin again.');
const notAnAdministrator = appError(
  'not-allowed',
  'A recovery key helps an administrator only. Nothing was opened. Choose the account of an administrator; other people get a one-time code from there.',
);
