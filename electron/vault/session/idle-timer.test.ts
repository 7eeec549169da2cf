import { describe, expect, it } from 'vitest';
import { createIdleTimer, type IdleTimer } from './idle-timer.ts';

/** Two clocks and one timer that the test turns. */
function createWorld(idleMinutes = 10) {
  const told: (string | number | null)[] = [];
  let wallMs = 1_800_000_000_000;
  let monotonicMs = 50_000;
  let due: { atMs: number; act: () => void } | null = null;
  let wakeUps = 0;
  const timer: IdleTimer = createIdleTimer({
    clock: { nowMs: () => wallMs, monotonicMs: () => monotonicMs },
    idleMinutes,
    onWarn: (secondsLeft) => told.push(secondsLeft),
    onLock: (reason) => told.push(reason),
    after: (delayMs, act) => {
      const mine = { atMs: monotonicMs + delayMs, act };
      due = mine;
      return () => {
        if (due === mine) due = null;
      };
    },
  });
  return {
    timer,
    told,
    wakeUps: () => wakeUps,
    isArmed: () => due !== null,
    setWall(ms: number): void {
      wallMs = ms;
    },
    wall: () => wallMs,
    /** Time goes by, and the timer runs whenever it is due. */
    pass(ms: number): void {
      const endMs = monotonicMs + ms;
      while (due !== null && due.atMs <= endMs) {
        wallMs += due.atMs - monotonicMs;
        monotonicMs = due.atMs;
        const { act } = due;
        due = null;
        wakeUps += 1;
        act();
      }
      wallMs += endMs - monotonicMs;
      monotonicMs = endMs;
    },
    /** The computer sleeps: the monotonic clock stands still. */
    sleep(ms: number): void {
      wallMs += ms;
    },
  };
}

const minute = 60_000;

describe('AC-04: the idle lock', () => {
  it('warns thirty seconds before, counts down, and locks after ten minutes', () => {
    const world = createWorld();
    world.pass(9.5 * minute - 1);
    expect(world.told).toEqual([]);
    world.pass(1);
    expect(world.told).toEqual([30]);
    world.pass(minute / 2);
    expect([world.told.slice(0, 3), world.told.at(-2), world.told.at(-1)]).toEqual([[30, 29, 28], 1, 'idle']);
    expect(world.isArmed()).toBe(false);
  });

  it.each([1, 30])('keeps the %i minutes of the policy', (minutes) => {
    const world = createWorld(minutes);
    world.pass(minutes * minute - 1000);
    expect(world.told).not.toContain('idle');
    world.pass(1000);
    expect(world.told.at(-1)).toBe('idle');
  });

  it('begins again with whatever a person does, and takes the warning back', () => {
    const world = createWorld();
    world.pass(9 * minute);
    world.timer.activity();
    world.pass(9.5 * minute);
    world.timer.activity();
    expect(world.told).toEqual([30, null]);
    world.pass(9 * minute);
    expect(world.told).toEqual([30, null]);
  });

  it('locks after a sleep that was longer than the idle time', () => {
    const world = createWorld();
    world.pass(minute);
    world.sleep(12 * minute);
    world.pass(15_000);
    expect(world.told).toEqual(['suspend']);
  });

  it('goes on after a short sleep, which counts as idle', () => {
    const world = createWorld();
    world.sleep(5 * minute);
    world.pass(4 * minute);
    expect(world.told).toEqual([]);
    world.pass(minute);
    expect(world.told.at(-1)).toBe('suspend');
  });

  it('is not put off by a clock that is set back', () => {
    const world = createWorld();
    world.setWall(world.wall() - 365 * 24 * 60 * minute);
    world.pass(10 * minute);
    expect(world.told.at(-1)).toBe('idle');
  });

  it('runs one timer, four times a minute, and none when it was stopped', () => {
    const world = createWorld(30);
    world.pass(29 * minute);
    expect(world.wakeUps()).toBeLessThanOrEqual(4 * 29);
    world.timer.stop();
    expect(world.isArmed()).toBe(false);
    world.pass(5 * minute);
    expect(world.told).toEqual([]);
  });
});
