import { ok, type Result } from '../../shared/result.ts';
import type { OpenSession } from './open-session.ts';
import { recordEvent } from './record-event.ts';
import { beginGuess, recordWrongGuess, type Guesses } from './wrong-guess.ts';

/** One guess at the second factor of the session's own person, counted before it is tried. Recorded either way. */
export function checkSecondFactor(open: OpenSession, guesses: Guesses, code: string): Result<void> {
  const { userId } = open.actor;
  const begun = beginGuess(open, guesses);
  if (!begun.ok) return begun;
  const given = open.factors.check(userId, code);
  if (!given.ok) {
    recordWrongGuess(open, guesses, 'second-factor');
    return given;
  }
  if (given.value.usedRecoveryCode) {
    recordEvent(open, {
      type: 'second-factor.code-used',
      outcome: 'attention',
      data: { user: userId, left: given.value.recoveryCodesLeft },
    });
  }
  return ok(undefined);
}
