import { expect, it } from 'vitest';
import { noticeableSilenceMs, silenceLimitMs } from '../../shared/engine-silence.ts';
import { createEngineWatchdog, likelyOutOfMemory } from './engine-watchdog.ts';

/** Timers that only the test moves. */
function playedTimers() {
  const timers = new Map<number, { readonly at: number; readonly act: () => void }>();
  let [nowMs, next] = [0, 0];
  return {
    after: (delayMs: number, act: () => void) => {
      next += 1;
      const id = next;
      timers.set(id, { at: nowMs + delayMs, act });
      return () => void timers.delete(id);
    },
    pass: (ms: number) => {
      nowMs += ms;
      for (const [id, timer] of timers) {
        if (timer.at > nowMs) continue;
        timers.delete(id);
        timer.act();
      }
    },
  };
}

function watched(tokensPerSecond: number | null) {
  const timers = playedTimers();
  const hung: number[] = [];
  const watchdog = createEngineWatchdog({
    tokensPerSecond: () => tokensPerSecond,
    after: timers.after,
    onHung: (silentMs) => hung.push(silentMs),
  });
  return { ...timers, hung, watchdog };
}

it('barks once after silence while something runs', () => {
  const { watchdog, pass, hung } = watched(100);
  watchdog.expects('answer');
  pass(19_999);
  expect(hung).toEqual([]);
  pass(1);
  pass(60_000);
  expect(hung).toEqual([20_000]);
});

it('is quiet while the engine speaks, and when nothing runs', () => {
  const { watchdog, pass, hung } = watched(100);
  for (let n = 0; n < 10; n += 1) {
    watchdog.expects('answer');
    pass(15_000);
  }
  watchdog.rests();
  pass(600_000);
  expect(hung).toEqual([]);
});

it('gives a slow model the time that its steps take, and a disk its own', () => {
  expect([
    silenceLimitMs('answer', 100),
    silenceLimitMs('answer', 10),
    silenceLimitMs('answer', 0.5),
    silenceLimitMs('load', 100),
    silenceLimitMs('answer', null),
  ]).toEqual([20_000, 32_000, 640_000, 120_000, 120_000]);
});

it('waits less long for an end that was asked for, and for none where nothing runs', () => {
  const { watchdog, pass, hung } = watched(100);
  watchdog.expectsEnd();
  pass(600_000);
  expect(hung).toEqual([]);
  watchdog.expects('answer');
  pass(19_000);
  watchdog.expectsEnd();
  pass(4999);
  expect(hung).toEqual([]);
  pass(1);
  expect(hung).toEqual([5000]);
});

it('says a silence long before it ends the process', () => {
  expect([noticeableSilenceMs(100), noticeableSilenceMs(10)]).toEqual([5000, 8000]);
});

it('takes a kill from outside for a full memory, and no other end', () => {
  expect([9, 137, 0, 1, 6, 11, 139].map((code) => likelyOutOfMemory(code) !== null)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
