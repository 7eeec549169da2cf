import { ok, type Result } from '../../shared/result.ts';
import type { OpenSession } from './open-session.ts';
import { recordEvent } from './record-event.ts';

/** One guess at the second factor of the session's own person; the caller has counted it. Recorded either way. */
export function checkSecondFactor(open: OpenSession, code: string): Result<void> {
  const { userId } = open.actor;
  const given = open.factors.check(userId, code);
  if (!given.ok) {
    recordEvent(open, {
      type: 'session.sign-in-failed',
      outcome: 'refused',
      data: { user: userId, reason: 'second-factor', observed: null },
    });
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
