import { appError } from '../../shared/app-error.ts';
import type { SignedInUser, SignInStep } from '../../shared/session-contract.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { KeyringEditor } from '../accounts/keyring-editor.ts';
import { keylessRecord, activeRecord, withUser } from '../keys/user-record.ts';
import type { DeviceRecord, UserRecord } from '../keys/keyring-schema.ts';
import { recordEvent } from './record-event.ts';
import type { OpenSession } from './open-session.ts';
import { checkSecondFactor } from './second-factor-step.ts';
import { beginGuess, recordWrongGuess, type Guesses } from './wrong-guess.ts';

/** Why a passphrase must be chosen before anything else. */
type PassphraseReason = 'enrolment' | 'forced' | 'recovery';

export type PendingDeps = {
  readonly open: OpenSession;
  readonly user: SignedInUser;
  readonly keyring: KeyringEditor;
  /** How the account was opened: with its passphrase, a one-time code or a recovery key. */
  readonly openedWith: 'passphrase' | 'one-time-code' | 'recovery-key';
  readonly secondFactorRequired: boolean;
  /** @returns why this passphrase is not taken, in a sentence; null when it is good */
  readonly passphraseProblem: (passphrase: string) => Promise<string | null>;
  /** The computer's half of the key. After a recovery a new one where the keychain has lost it. */
  readonly deviceSecret: () => Promise<
    Result<{ readonly secret: Uint8Array | null; readonly changed: DeviceRecord | null }>
  >;
  /** Counts one guess; refuses while the account has to wait. */
  readonly guesses: Guesses;
  readonly nowIso: () => string;
};

/**
 * Somebody has opened the record's keys but is not in yet: second factor, new passphrase and the set-up of a factor come
 * first, in this order. Nothing of the record is given out meanwhile.
 */
export type PendingSignIn = {
  readonly open: OpenSession;
  readonly user: SignedInUser;
  readonly keyring: KeyringEditor;
  next(): SignInStep;
  giveSecondFactor(code: string): Result<SignInStep>;
  choosePassphrase(passphrase: string): Promise<Result<SignInStep>>;
  /** The person has kept the recovery codes. */
  goOn(): SignInStep;
};

export function createPendingSignIn(deps: PendingDeps): PendingSignIn {
  const { open, user } = deps;
  const { factors, accounts } = open;
  let factorGiven = deps.openedWith === 'recovery-key' || !factors.isEnrolled(user.userId);
  let passphraseReason = reasonToChoose();
  let codesToKeep: readonly string[] | null = null;
  let enrolment: ReturnType<typeof factors.start> | null = null;

  function reasonToChoose(): PassphraseReason | null {
    if (deps.openedWith === 'recovery-key') return 'recovery';
    if (deps.openedWith === 'one-time-code') return 'enrolment';
    return accounts.get(user.userId).mustChangePassphrase ? 'forced' : null;
  }

  function next(): SignInStep {
    if (!factorGiven) return { next: 'second-factor', kind: 'totp' };
    if (passphraseReason !== null) return { next: 'choose-passphrase', because: passphraseReason };
    if (codesToKeep !== null) return { next: 'keep-recovery-codes', codes: [...codesToKeep] };
    if (deps.secondFactorRequired && !factors.isEnrolled(user.userId)) {
      enrolment ??= factors.start(user);
      const { uri, key } = enrolment;
      return { next: 'enrol-second-factor', uri, key };
    }
    return { next: 'signed-in', user };
  }

  function giveSecondFactor(code: string): Result<SignInStep> {
    if (enrolment !== null) {
      const guess = beginGuess(open, deps.guesses);
      if (!guess.ok) return guess;
      const confirmed = factors.confirm(user.userId, code);
      if (!confirmed.ok) {
        recordWrongGuess(open, deps.guesses, 'second-factor');
        return confirmed;
      }
      recordEvent(open, { type: 'second-factor.enrolled', data: { user: user.userId, kind: 'totp' } });
      codesToKeep = confirmed.value.codes;
      enrolment = null;
      return ok(next());
    }
    const given = checkSecondFactor(open, deps.guesses, code);
    if (!given.ok) return given;
    factorGiven = true;
    return ok(next());
  }

  async function choosePassphrase(passphrase: string): Promise<Result<SignInStep>> {
    if (passphraseReason === null || !factorGiven) return ok(next());
    const problem = await deps.passphraseProblem(passphrase);
    if (problem !== null) return err(appError('passphrase-too-weak', problem));
    const device = await deps.deviceSecret();
    if (!device.ok) return device;
    const { secret, changed } = device.value;
    try {
      const keyring = deps.keyring.current();
      const made = await activeRecord(
        { installationId: keyring.installationId, epoch: keyring.epoch, keys: open },
        user,
        { passphrase, deviceSecret: secret },
      );
      if (!made.ok) return made;
      recordEvent(open, {
        type: 'user.passphrase-set',
        data: { user: user.userId, reason: passphraseReason },
      });
      const others = changed === null ? keyring.users : withoutLostDevice(keyring.users);
      const written = deps.keyring.apply({
        users: withUser(others, made.value),
        ...(changed === null ? {} : { device: changed }),
      });
      if (!written.ok) {
        recordEvent(open, {
          type: 'user.passphrase-set',
          outcome: 'failed',
          data: { user: user.userId, reason: passphraseReason },
        });
        return written;
      }
      accounts.passphraseSet(user.userId, deps.nowIso());
      passphraseReason = null;
      return ok(next());
    } finally {
      secret?.fill(0);
    }
  }

  return {
    open,
    user,
    keyring: deps.keyring,
    next,
    giveSecondFactor,
    choosePassphrase,
    goOn() {
      codesToKeep = null;
      return next();
    },
  };
}

/** The keychain has lost its half of every key: those accounts open for nobody until IT gives them a one-time code. */
function withoutLostDevice(users: readonly UserRecord[]): UserRecord[] {
  return users.map((user) => (user.state === 'active' ? keylessRecord(user, 'reset') : user));
}
