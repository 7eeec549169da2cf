import type { UserId } from '../../shared/ids.ts';
import type { Result } from '../../shared/result.ts';
import { recordEvent } from './record-event.ts';
import type { OpenSession } from './open-session.ts';

/** What counts the guesses at passphrases and second factors; `sign-in-attempts.ts`. */
export type Guesses = {
  /** Counts one guess as wrong until `succeeded`; refuses while the account has to wait. */
  begin(userId: UserId): Result<void>;
  succeeded(userId: UserId): void;
  isLockedOut(userId: UserId): boolean;
};

/** Counts one guess of the session's own person before it is tried; one that has to wait is recorded. */
export function beginGuess(open: OpenSession, guesses: Guesses): Result<void> {
  const begun = guesses.begin(open.actor.userId);
  if (!begun.ok && begun.error.code === 'sign-in-delayed') recordRefusal(open, 'locked-out');
  return begun;
}

/** A guess that `beginGuess` counted was wrong; perhaps it was the one after which the account has to wait. */
export function recordWrongGuess(
  open: OpenSession,
  guesses: Guesses,
  reason: 'passphrase' | 'second-factor',
): void {
  recordRefusal(open, reason);
  const user = open.actor.userId;
  if (!guesses.isLockedOut(user)) return;
  recordEvent(open, { type: 'session.locked-out', outcome: 'attention', data: { user, observed: null } });
}

function recordRefusal(open: OpenSession, reason: 'passphrase' | 'second-factor' | 'locked-out'): void {
  const data = { user: open.actor.userId, reason, observed: null };
  recordEvent(open, { type: 'session.sign-in-failed', outcome: 'refused', data });
}
