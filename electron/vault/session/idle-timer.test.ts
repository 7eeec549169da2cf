import { describe, expect, it } from 'vitest';
import { createIdleTimer, idleCheckMs } from './idle-timer.ts';

const minuteMs = 60_000;

/** Clocks and timers that stand still until they are moved. Timers run by the monotonic clock, as Linux's do. */
function createWorld(idleMinutes = 10) {
  let wallMs = 1_800_000_000_000;
  let monotonicMs = 5000;
  let wakeUps = 0;
  const timers = new Set<{ readonly atMs: number; readonly act: () => void }>();
  const heard: string[] = [];
  const timer = createIdleTimer({
    clock: { nowMs: () => wallMs, monotonicMs: () => monotonicMs },
    idleMinutes,
    onWarn: (secondsLeft) => heard.push(`warned, ${String(secondsLeft)} s left`),
    onLock: (reason) => heard.push(`locked: ${reason}`),
    schedule: (delayMs, act) => {
      const entry = { atMs: monotonicMs + delayMs, act };
      timers.add(entry);
      return () => timers.delete(entry);
    },
  });
  return {
    timer,
    heard,
    pending: () => timers.size,
    wakeUps: () => wakeUps,
    pass(durationMs: number): void {
      const endMs = monotonicMs + durationMs;
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        timers.delete(next);
        wallMs += next.atMs - monotonicMs;
        monotonicMs = next.atMs;
        wakeUps += 1;
        next.act();
      }
      wallMs += endMs - monotonicMs;
      monotonicMs = endMs;
    },
    /** The wall clock jumps and no timer runs: a suspend when forwards, a clock that is set back when backwards. */
    jump(byMs: number): void {
      wallMs += byMs;
    },
  };
}

describe('AC-04: the idle timer', () => {
  it('warns 30 seconds before the time is over and locks when it is over, each once', () => {
    const world = createWorld(10);
    world.pass(10 * minuteMs - 30_001);
    expect(world.heard).toEqual([]);
    world.pass(1);
    expect(world.heard).toEqual(['warned, 30 s left']);
    world.pass(29_999);
    expect(world.heard).toHaveLength(1);
    world.pass(1);
    expect(world.heard).toEqual(['warned, 30 s left', 'locked: idle']);
    world.pass(60 * minuteMs);
    expect(world.heard).toHaveLength(2);
  });

  it('starts the time again at each activity, also after a warning, and then warns anew', () => {
    const world = createWorld(1);
    for (let time = 0; time < 20; time += 1) {
      world.pass(29_000);
      world.timer.activity();
    }
    expect(world.heard).toEqual([]);
    world.pass(45_000);
    world.timer.activity();
    world.pass(29_000);
    expect(world.heard).toEqual(['warned, 30 s left']);
    world.pass(2000);
    expect(world.heard).toEqual(['warned, 30 s left', 'warned, 30 s left']);
    world.pass(29_000);
    expect(world.heard.at(-1)).toBe('locked: idle');
  });

  it('locks soon after a suspend that the monotonic clock did not count', () => {
    const world = createWorld(30);
    world.pass(minuteMs);
    world.jump(61_000);
    world.pass(idleCheckMs);
    expect(world.heard).toEqual(['locked: suspend']);
  });

  it('locks at once when the first thing after a suspend is activity', () => {
    const world = createWorld(30);
    world.pass(minuteMs);
    world.jump(8 * 60 * minuteMs);
    world.timer.activity();
    expect(world.heard).toEqual(['locked: suspend']);
  });

  it('counts a short suspend as idle time: many of them lock as well', () => {
    const world = createWorld(5);
    for (let time = 0; time < 6; time += 1) {
      world.jump(50_000);
      world.pass(idleCheckMs);
    }
    expect(world.heard.at(-1)).toBe('locked: idle');
  });

  it('bears a wall clock that is corrected by less than a minute', () => {
    const world = createWorld(10);
    world.pass(minuteMs);
    world.jump(59_000);
    world.pass(minuteMs);
    world.timer.activity();
    world.jump(-59_000);
    world.pass(9 * minuteMs);
    expect(world.heard).toEqual([]);
  });

  it('gives no more time when the wall clock is set back', () => {
    const world = createWorld(10);
    world.pass(minuteMs);
    world.jump(-24 * 60 * minuteMs);
    world.pass(9 * minuteMs);
    expect(world.heard).toEqual(['warned, 30 s left', 'locked: idle']);
  });

  it('notices a suspend after the clock was set back', () => {
    const world = createWorld(30);
    world.jump(-24 * 60 * minuteMs);
    world.pass(idleCheckMs);
    world.jump(2 * minuteMs);
    world.pass(idleCheckMs);
    expect(world.heard).toEqual(['locked: suspend']);
  });

  it('locks on activity that comes after the time is over, when the timer itself is late', () => {
    const world = createWorld(1);
    world.pass(55_000);
    world.jump(40_000);
    world.timer.activity();
    expect(world.heard).toEqual(['warned, 30 s left', 'locked: idle']);
  });

  it('has one timer at a time, wakes up at most six times a minute, and leaves none behind', () => {
    const world = createWorld(30);
    world.pass(20 * minuteMs);
    expect([world.pending(), world.wakeUps()]).toEqual([1, 120]);
    for (let time = 0; time < 1000; time += 1) world.timer.activity();
    expect(world.pending()).toBe(1);
    world.timer.stop();
    world.timer.activity();
    world.pass(60 * minuteMs);
    expect([world.pending(), world.heard]).toEqual([0, []]);

    const locked = createWorld(1);
    locked.pass(minuteMs);
    locked.timer.activity();
    expect([locked.pending(), locked.heard.length]).toEqual([0, 2]);
  });

  it.each([0, 31, 1.5, Number.NaN])('refuses an idle time of %s minutes', (idleMinutes) => {
    expect(() => createWorld(idleMinutes)).toThrow(RangeError);
  });
});
