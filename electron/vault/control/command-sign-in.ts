import { randomUUID } from 'node:crypto';
import { appError } from '../../shared/app-error.ts';
import { sessionIdSchema, type UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Keyring, UserRecord } from '../keys/keyring-schema.ts';
import { forgetKeys } from '../keys/sealed-keys.ts';
import { openAccount, type AccountDeps, type FailureReason } from '../session/open-account.ts';
import type { OpenSession } from '../session/open-session.ts';
import { recordEvent } from '../session/record-event.ts';
import { checkSecondFactor } from '../session/second-factor-step.ts';
import { recordSystemEvent } from '../session/system-events.ts';

export type CommandSignInDeps = AccountDeps & {
  /** Of whoever sits at the screen: the record is open already. */
  readonly session: OpenSession;
  readonly keyring: () => Keyring;
  readonly secondFactorRequired: () => boolean;
};

/** Who asks from a terminal: the same checks, delays and entries as at the sign-in screen. */
export type CommandSignIn = {
  /** @returns `second-factor`: a code is wanted next; else the session in whose name the command asks */
  start(userId: UserId, passphrase: string): Promise<Result<'second-factor' | OpenSession>>;
  giveSecondFactor(code: string): Result<OpenSession>;
  /** The command has gone. */
  end(): void;
};

export function createCommandSignIn(deps: CommandSignInDeps): CommandSignIn {
  const { session } = deps;
  let visit: { readonly open: OpenSession; readonly isSignedIn: boolean } | null = null;

  function refused(user: UserId | null, reason: FailureReason | 'abandoned'): void {
    recordSystemEvent(session, 'session.sign-in-failed', 'refused', { user, reason, observed: null });
    if (user !== null && reason === 'passphrase' && deps.attempts.isLockedOut(user))
      recordSystemEvent(session, 'session.locked-out', 'attention', { user, observed: null });
  }

  function admit(open: OpenSession): OpenSession {
    visit = { open, isSignedIn: true };
    deps.attempts.succeeded(open.actor.userId);
    recordEvent(open, { type: 'command.signed-in', data: {} });
    return open;
  }

  return {
    async start(userId, passphrase) {
      if (visit !== null) return err(begunAlready);
      const keyring = deps.keyring();
      const record = keyring.users.find((user) => user.userId === userId);
      if (record?.state !== 'active') {
        refused(record === undefined ? null : userId, record === undefined ? 'unknown-account' : 'disabled');
        return err(notActive);
      }
      const keys = await openAccount(deps, keyring, record, passphrase);
      if (!keys.ok) {
        refused(userId, keys.error.reason);
        return err(keys.error.error);
      }
      // That they open was the proof; the record is open already.
      forgetKeys(keys.value);
      const open = asked(session, record);
      const enrolled = session.factors.isEnrolled(userId);
      if (session.accounts.get(userId).mustChangePassphrase || (deps.secondFactorRequired() && !enrolled)) {
        refused(userId, 'abandoned');
        return err(screenFirst);
      }
      if (!enrolled) return ok(admit(open));
      visit = { open, isSignedIn: false };
      return ok('second-factor');
    },
    giveSecondFactor(code) {
      if (visit === null || visit.isSignedIn) return err(begunAlready);
      const { open } = visit;
      const given = checkSecondFactor(open, deps.attempts, code);
      return given.ok ? ok(admit(open)) : given;
    },
    end() {
      if (visit === null) return;
      const { open, isSignedIn } = visit;
      visit = null;
      if (isSignedIn) recordEvent(open, { type: 'command.signed-out', data: {} });
      else refused(open.actor.userId, 'abandoned');
    },
  };
}

/** The open record in another's name. Its end is not the end of the session at the screen. */
function asked(session: OpenSession, { userId, role, displayName }: UserRecord): OpenSession {
  const sessionId = sessionIdSchema.parse(randomUUID());
  return { ...session, actor: { userId, role, displayName, sessionId }, close: () => undefined };
}

const begunAlready = appError('invalid-input', 'The command line signs in once. Start the command again.');
const notActive = appError(
  'not-allowed',
  'This account cannot ask from the command line: it is not on this computer, is switched off, or has no passphrase yet. Nothing was done. Sign in at the screen first.',
);
const screenFirst = appError(
  'not-allowed',
  'This account has to choose a new passphrase or set up its second factor first. Nothing was done. Sign in at the screen, then start the command again.',
);
