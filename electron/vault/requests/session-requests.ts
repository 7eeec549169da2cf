import { ok } from '../../shared/result.ts';
import type { LockReason } from '../../shared/lock-reason.ts';
import { recordEvent } from '../session/record-event.ts';
import type { SignIn } from '../session/sign-in.ts';
import type { SignedIn } from '../session/signed-in.ts';
import type { Handlers } from './request-table.ts';

type SessionHandlers = Pick<
  Handlers,
  | 'session.signIn'
  | 'session.giveSecondFactor'
  | 'session.choosePassphrase'
  | 'session.continue'
  | 'session.cancelSignIn'
  | 'session.recover'
  | 'session.activity'
  | 'session.signOut'
  | 'session.lock'
>;

export type SessionDeps = {
  readonly signIn: SignIn;
  readonly endSession: (because: SessionEnd) => void;
  /** Closes what a half-done sign-in has opened; the process ends as after a session. */
  readonly abandon: () => void;
  readonly onActivity: () => void;
};

export type SessionEnd =
  { readonly kind: 'signed-out' } | { readonly kind: 'locked'; readonly reason: LockReason };

export function sessionHandlers({ signIn, endSession, abandon, onActivity }: SessionDeps): SessionHandlers {
  return {
    'session.signIn': ({ userId, passphrase }) => signIn.start(userId, passphrase),
    'session.giveSecondFactor': ({ code }) => signIn.giveSecondFactor(code),
    'session.choosePassphrase': ({ passphrase }) => signIn.choosePassphrase(passphrase),
    'session.continue': () => signIn.goOn(),
    'session.cancelSignIn': () => {
      abandon();
      return ok({});
    },
    'session.recover': ({ userId, identity }) => signIn.recover(userId, identity),
    'session.activity': () => {
      onActivity();
      return ok({});
    },
    'session.signOut': () => {
      endSession({ kind: 'signed-out' });
      return ok({});
    },
    'session.lock': () => {
      endSession({ kind: 'locked', reason: 'by-hand' });
      return ok({});
    },
  };
}

/**
 * The last leaves of a session: a running answer is recorded as unfinished, then the end. Whatever the disk says, the
 * caller ends the session: a full disk must never keep a screen open.
 */
export function recordSessionEnd(
  { session: open, recorder, reading }: Pick<SignedIn, 'session' | 'recorder' | 'reading'>,
  end: SessionEnd,
): void {
  reading.abort('signed-out');
  recorder.abort('signed-out');
  if (end.kind === 'locked') recordEvent(open, { type: 'session.locked', data: { reason: end.reason } });
  else recordEvent(open, { type: 'session.signed-out', data: {} });
}
