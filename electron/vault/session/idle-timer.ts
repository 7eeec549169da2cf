import type { Clock } from '../log/clock.ts';

/**
 * Locks when nobody has done anything for so long (45 CFR 164.312(a)(2)(iii)). Time is the monotonic clock's; on Linux that
 * stands still while the computer sleeps, so the wall clock is watched beside it: a sleep or a jump forward that is longer
 * than the idle time locks too, and setting the clock back wins nobody a minute. One timer, four wake-ups a minute.
 */
export type IdleTimer = {
  /** Somebody is there. */
  activity(): void;
  stop(): void;
};

export const warningMs = 30_000;
const lookEveryMs = 15_000;
const closeLookMs = 1000;

export function createIdleTimer(deps: {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly idleMinutes: number;
  /** Seconds left, once a second from the warning on; null when somebody came back. */
  readonly onWarn: (secondsLeft: number | null) => void;
  readonly onLock: (reason: 'idle' | 'suspend') => void;
  /** Runs `act` once, later; the result cancels it. */
  readonly after: (delayMs: number, act: () => void) => () => void;
}): IdleTimer {
  const { clock, onWarn, onLock, after } = deps;
  const idleMs = deps.idleMinutes * 60_000;
  let lastMonotonicMs = clock.monotonicMs();
  let lastWallMs = clock.nowMs();
  let warned = false;
  let cancel: () => void = () => undefined;

  function look(): void {
    const monotonicPassedMs = clock.monotonicMs() - lastMonotonicMs;
    const wallPassedMs = clock.nowMs() - lastWallMs;
    if (monotonicPassedMs >= idleMs) {
      onLock('idle');
      return;
    }
    if (wallPassedMs >= idleMs) {
      onLock('suspend');
      return;
    }
    const leftMs = idleMs - Math.max(monotonicPassedMs, wallPassedMs);
    if (leftMs <= warningMs) {
      warned = true;
      onWarn(Math.ceil(leftMs / 1000));
    }
    cancel = after(nextLookMs(leftMs), look);
  }

  cancel = after(nextLookMs(idleMs), look);
  return {
    activity() {
      lastMonotonicMs = clock.monotonicMs();
      lastWallMs = clock.nowMs();
      if (!warned) return;
      warned = false;
      onWarn(null);
      cancel();
      cancel = after(nextLookMs(idleMs), look);
    },
    stop: () => {
      cancel();
    },
  };
}

/** Never past the warning, nor past the lock. */
function nextLookMs(leftMs: number): number {
  if (leftMs <= warningMs) return Math.min(closeLookMs, leftMs);
  return Math.min(lookEveryMs, leftMs - warningMs);
}
