import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userIdSchema } from '../../shared/ids.ts';
import { valueOf } from '../keys/keys-fixture.ts';
import type { Clock } from '../log/clock.ts';
import { attemptsFile, createSignInAttempts, type SignInAttempts } from './sign-in-attempts.ts';

const rules = { signInFreeAttempts: 3, signInLockoutAfter: 10, signInLockoutMinutes: 15 };
const user = userIdSchema.parse(randomUUID());
const other = userIdSchema.parse(randomUUID());

let folder: string;
let time: { wallMs: number; monotonicMs: number; bootId: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-attempts-'));
  time = { wallMs: Date.parse('2026-11-23T09:00:00Z'), monotonicMs: 1_000_000, bootId: randomUUID() };
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A run of the vault, with clocks that the test turns. */
function start(): SignInAttempts {
  const clock: Clock = {
    nowMs: () => time.wallMs,
    monotonicMs: () => time.monotonicMs,
    bootId: time.bootId,
    timeSync: () => 'unknown',
  };
  return createSignInAttempts({ folder, clock, rules: () => rules });
}
function pass(ms: number): void {
  time.wallMs += ms;
  time.monotonicMs += ms;
}
function restartComputer(wallMs: number): SignInAttempts {
  time = { wallMs, monotonicMs: 5000, bootId: randomUUID() };
  return start();
}
function wordOf(attempts: SignInAttempts, userId = user): string {
  const begun = attempts.begin(userId);
  if (begun.ok) return 'tries';
  return begun.error.code === 'sign-in-delayed'
    ? (/Wait (.*?) and/.exec(begun.error.message)?.[1] ?? '?')
    : begun.error.code;
}
/** Guesses wrongly so often, waiting as long as it takes. */
function fail(attempts: SignInAttempts, times: number): void {
  for (let n = 0; n < times; n += 1) {
    while (wordOf(attempts) !== 'tries') pass(1000);
  }
}

describe('AC-10: wrong passphrases', () => {
  it('cost nothing three times, then twice as long each time, then a quarter of an hour', () => {
    const attempts = start();
    const waits: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      fail(attempts, 1);
      const word = wordOf(attempts);
      waits.push(word);
      if (word === 'tries') attempts.clear(user);
      if (word === 'tries') fail(attempts, n + 1);
    }
    expect(waits.slice(3)).toEqual([
      '2 seconds',
      '4 seconds',
      '8 seconds',
      '16 seconds',
      '32 seconds',
      '60 seconds',
      '15 minutes',
      '15 minutes',
      '15 minutes',
    ]);
  });

  it('are counted before they are tried: killing the app gives no free guess', () => {
    for (let n = 0; n < 4; n += 1) start().begin(user);
    expect(wordOf(start())).toBe('2 seconds');
  });

  it('are forgotten after the right one, and when IT lifts the wait', () => {
    const attempts = start();
    fail(attempts, 4);
    attempts.clear(user);
    fail(attempts, 3);
    attempts.succeeded(user);
    expect([attempts.state(user), wordOf(attempts)]).toEqual([{ failures: 0, waiting: false }, 'tries']);
  });

  it('of one person do not make another wait', () => {
    const attempts = start();
    fail(attempts, 9);
    expect([wordOf(attempts), wordOf(attempts, other)]).toEqual(['60 seconds', 'tries']);
  });

  it('still make wait after a restart of the app and of the computer', () => {
    const attempts = start();
    fail(attempts, 10);
    pass(60_000);
    const again = start();
    expect(wordOf(again)).toBe('14 minutes');
    expect(wordOf(restartComputer(time.wallMs + 60_000))).toBe('13 minutes');
  });

  it('make wait the whole time again when the clock was set back a year over a restart', () => {
    fail(start(), 10);
    const backed = restartComputer(time.wallMs - 365 * 24 * 3_600_000);
    expect(wordOf(backed)).toBe('15 minutes');
    pass(14 * 60_000);
    expect(wordOf(backed)).toBe('60 seconds');
    pass(60_000);
    expect(wordOf(backed)).toBe('tries');
  });

  it('make wait by the monotonic clock: setting the clock forward within one boot helps nobody', () => {
    const attempts = start();
    fail(attempts, 10);
    time.wallMs += 3_600_000;
    expect(wordOf(attempts)).toBe('15 minutes');
  });

  it('hold when the file is damaged: everybody waits, and it is told once', () => {
    fail(start(), 1);
    writeFileSync(join(folder, attemptsFile), 'x');
    const attempts = start();
    expect([wordOf(attempts), wordOf(attempts, other), attempts.takeDamage(), attempts.takeDamage()]).toEqual(
      ['15 minutes', '15 minutes', true, false],
    );
    attempts.clear(user);
    expect([wordOf(start()), wordOf(start(), other)]).toEqual(['tries', '15 minutes']);
  });

  it('are waited for to the last started second', () => {
    const attempts = start();
    fail(attempts, 4);
    pass(500);
    expect(wordOf(attempts)).toBe('2 seconds');
    pass(1499);
    expect(wordOf(attempts)).toBe('1 second');
    pass(1);
    expect(wordOf(attempts)).toBe('tries');
  });

  it.each([
    ['empty', () => ''],
    ['cut off', (text: string) => text.slice(0, -5)],
    ['without its last newline', (text: string) => text.slice(0, -1)],
    ['with spaces', (text: string) => text.replace(':', ': ')],
    ['with a wait below nothing', (text: string) => text.replace(/"waitMs":\d+/, '"waitMs":-1')],
    ['with a member more', (text: string) => text.replace('{', '{"a":1,')],
  ])('hold when the file is %s', (_form, change) => {
    start().begin(user);
    const path = join(folder, attemptsFile);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    expect(wordOf(start(), other)).toBe('15 minutes');
  });

  it('are taken back one at a time: a right passphrase costs nothing and forgives nothing', () => {
    const attempts = start();
    fail(attempts, 9);
    pass(60_000);
    // The tenth guess is right, so it must not lock the second factor out.
    valueOf(attempts.begin(user));
    attempts.takeBack(user);
    expect([attempts.state(user), wordOf(attempts)]).toEqual([{ failures: 9, waiting: false }, 'tries']);
    // A wrong second factor is the tenth, then.
    expect(wordOf(attempts)).toBe('15 minutes');
  });

  it('are taken back only by the run that counted them, and once', () => {
    fail(start(), 5);
    const again = start();
    again.takeBack(user);
    expect(again.state(user).failures).toBe(5);
    pass(60_000);
    valueOf(again.begin(user));
    again.takeBack(user);
    again.takeBack(user);
    expect(again.state(user).failures).toBe(5);
    valueOf(again.begin(user));
    again.clear(user);
    again.takeBack(user);
    expect(again.state(user).failures).toBe(0);
  });

  it('count down after damage also while nobody tries, and damage is told by one run only', () => {
    writeFileSync(join(folder, attemptsFile), 'x');
    start();
    pass(10 * 60_000);
    const again = start();
    expect([wordOf(again), again.takeDamage()]).toEqual(['5 minutes', false]);
  });

  it('of a thousand and one accounts damage nothing', () => {
    const attempts = start();
    for (let n = 0; n < 1001; n += 1) valueOf(attempts.begin(userIdSchema.parse(randomUUID())));
    fail(attempts, 4);
    const again = start();
    expect([again.takeDamage(), again.state(user).failures]).toEqual([false, 4]);
  });

  it('are kept in a file for this account alone, without a name', () => {
    start().begin(user);
    expect(statSync(join(folder, attemptsFile)).mode & 0o077).toBe(0);
    expect(readFileSync(join(folder, attemptsFile), 'utf8')).toContain(user);
  });

  it('refuse to be tried where they cannot be counted', () => {
    const attempts = start();
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'not a folder');
    expect(() => attempts.begin(user)).toThrow();
    rmSync(folder);
    folder = mkdtempSync(join(tmpdir(), 'cloister-attempts-'));
  });
});
