import { appError, type AppError } from '../../shared/app-error.ts';
import type { SignedInUser, SignInStep } from '../../shared/session-contract.ts';
import type { UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { createKeyringEditor, type KeyringEditor } from '../accounts/keyring-editor.ts';
import type { PassphraseStrength } from '../accounts/passphrase-strength.ts';
import type { SealedJournal } from '../journal/sealed-journal.ts';
import { createDeviceSecret, openDeviceSecret, type Keychain } from '../keys/device-secret.ts';
import { parseEnrolmentCode } from '../policy/enrolment-code.ts';
import { unlock, unlockWithRecoveryKey } from '../keys/installation.ts';
import type { Keyring, UserRecord } from '../keys/keyring-schema.ts';
import { parseRecoveryIdentity, recipientHash, recipientOf } from '../keys/recovery-key.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import type { Clock } from '../log/clock.ts';
import type { Installation } from '../setup/installation-files.ts';
import type { OpenSession } from './open-session.ts';
import type { RecordKeys } from './open-with-journal.ts';
import { createPendingSignIn, type PendingSignIn } from './pending-sign-in.ts';
import { recordEvent } from './record-event.ts';

export type FailureReason =
  'passphrase' | 'second-factor' | 'locked-out' | 'disabled' | 'unknown-account' | 'keychain' | 'keyring';

export type SignInDeps = {
  readonly clock: Clock;
  readonly dataFolder: string;
  readonly keychain: Keychain;
  readonly installation: () => Result<Installation>;
  /** The key file was changed: read it again. */
  readonly reload: () => void;
  readonly attempts: {
    /** Counts one guess as wrong until `succeeded`; refuses while the account has to wait. */
    begin(userId: UserId): Result<void>;
    succeeded(userId: UserId): void;
    /** Takes back the guess that `begin` counted last: the passphrase was right, and more is still asked for. */
    takeBack(userId: UserId): void;
  };
  /** For what happens while there is no key to the log. */
  readonly journal: Pick<SealedJournal, 'append'>;
  /** Opens the record with these keys and brings in what the journal holds. */
  readonly open: (input: RecordKeys) => Promise<Result<OpenSession>>;
  readonly secondFactorRequired: () => boolean;
  readonly measure: (passphrase: string, personal: readonly string[]) => PassphraseStrength;
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
    return err(error);
  }

  function accountOf(userId: UserId): Result<{ keyring: Keyring; record: UserRecord }> {
    const current = deps.installation();
    if (!current.ok) return current;
    const { keyring } = current.value;
    const record = keyring?.users.find((user) => user.userId === userId);
    return keyring === null || record === undefined ? err(unknownAccount) : ok({ keyring, record });
  }

  async function start(userId: UserId, typed: string): Promise<Result<SignInStep>> {
    if (pending !== null) return err(halfDone);
    const account = accountOf(userId);
    if (!account.ok) return refused(null, 'unknown-account', account.error);
    const { keyring, record } = account.value;
    const device = await openDeviceSecret(deps.keychain, keyring.device);
    if (!device.ok && record.state === 'active') return refused(userId, 'keychain', device.error);
    const guess = deps.attempts.begin(userId);
    if (!guess.ok) return refused(userId, 'locked-out', guess.error);
    const passphrase = record.state === 'enrolling' ? codeTyped(typed) : typed;
    const deviceSecret = device.ok ? device.value : null;
    const keys = await unlock({ keyring, userId, passphrase, deviceSecret });
    deviceSecret?.fill(0);
    if (!keys.ok) return refused(userId, reasonOf(keys.error), keys.error);
    deps.attempts.takeBack(userId);
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
    if (!opened.ok) return opened;
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
      passphraseProblem: (passphrase) => {
        const strength = deps.measure(passphrase, [displayName, keyring.organisationName]);
        return strength.acceptable ? null : strength.advice;
      },
      deviceSecret: () => deviceSecretFor(deps.keychain, currentKeyring(deps), openedWith === 'recovery-key'),
      countGuess: () => deps.attempts.begin(userId),
      nowIso: () => new Date(deps.clock.nowMs()).toISOString(),
    });
    return goTo(pending.next());
  }

  function goTo(step: SignInStep): Result<SignInStep> {
    if (step.next === 'signed-in' && pending !== null) {
      const { open, user, keyring } = pending;
      deps.attempts.succeeded(user.userId);
      pending = null;
      deps.completed(open, user, keyring);
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
