import type { Clock } from '../log/clock.ts';

export type IdleLockReason = 'idle' | 'suspend';

/** Runs from its making until it locked or was stopped. */
export type IdleTimer = {
  /** The person did something. Takes a warning back. Comes too late once the time is over: then it locks, as the timer would have. */
  activity(): void;
  stop(): void;
};

type Deps = {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** Policy: 1 to 30. */
  readonly idleMinutes: number;
  /** How long before the lock the person is warned. */
  readonly warnMs?: number;
  /** Once in each idle period. */
  readonly onWarn: (secondsLeft: number) => void;
  /** Once. Nothing is called afterwards. */
  readonly onLock: (reason: IdleLockReason) => void;
  /** Runs `act` once, later; the result cancels it. */
  readonly schedule: (delayMs: number, act: () => void) => () => void;
};

/** Linux stops its monotonic clock, and every timer, while it sleeps. So the clocks are compared this often: 6 wake-ups a minute. */
export const idleCheckMs = 10_000;
/** The wall clock may run ahead of the monotonic one by this much between two looks; more is a suspend. */
export const suspendToleranceMs = 60_000;

const defaultWarnMs = 30_000;
const minuteMs = 60_000;

/**
 * Locks after `idleMinutes` without `activity`, and at once when the computer turns out to have slept. Idle time is the
 * sum of what passed between two looks, by whichever clock went further: a wall clock that is set back never gives more
 * time, and sleep that the monotonic clock did not count does. There is one timer, never two.
 */
export function createIdleTimer(deps: Deps): IdleTimer {
  const { clock, onWarn, onLock, schedule } = deps;
  const warnMs = deps.warnMs ?? defaultWarnMs;
  const limitMs = deps.idleMinutes * minuteMs;
  if (!Number.isInteger(deps.idleMinutes) || deps.idleMinutes < 1 || deps.idleMinutes > 30)
    throw new RangeError('idleMinutes must be a whole number from 1 to 30');
  if (!(warnMs >= 0 && warnMs < limitMs)) throw new RangeError('warnMs must be shorter than the idle time');

  let seen = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  let idleMs = 0;
  let warned = false;
  let over = false;
  let cancel: () => void = () => undefined;

  /** Brings the idle time up to now. True when it locked. */
  function look(): boolean {
    const now = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    const wallPassedMs = now.wallMs - seen.wallMs;
    const monotonicPassedMs = now.monotonicMs - seen.monotonicMs;
    seen = now;
    idleMs += Math.max(wallPassedMs, monotonicPassedMs, 0);
    const slept = wallPassedMs - monotonicPassedMs > suspendToleranceMs;
    if (!slept && idleMs < limitMs) return false;
    stop();
    onLock(slept ? 'suspend' : 'idle');
    return true;
  }

  function tick(): void {
    if (look()) return;
    const leftMs = limitMs - idleMs;
    // Armed before the warning, so that `onWarn` may call `stop`.
    const nextMs = leftMs > warnMs ? leftMs - warnMs : leftMs;
    cancel = schedule(Math.min(nextMs, idleCheckMs), tick);
    if (leftMs > warnMs || warned) return;
    warned = true;
    onWarn(Math.ceil(leftMs / 1000));
  }

  function stop(): void {
    over = true;
    cancel();
    cancel = () => undefined;
  }

  tick();
  return {
    activity() {
      // Looks first: the hand that wakes a sleeping computer must find it locked.
      if (over || look()) return;
      idleMs = 0;
      warned = false;
    },
    stop,
  };
}
