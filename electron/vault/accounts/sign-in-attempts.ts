import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { appError } from '../../shared/app-error.ts';
import { userIdSchema, type UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { folderError, replaceFile } from '../keys/durable-file.ts';
import { canonicalBytes, parseCanonical } from '../log/canonical-json.ts';
import type { Clock } from '../log/clock.ts';

/**
 * How long an account has to wait after wrong passphrases, in a file of its own: it must hold while nobody is signed in,
 * over a restart and with the clock set back. Whoever can write to the data folder can delete it; against a stolen disk
 * Argon2id is the barrier, not this.
 */
export type SignInAttempts = {
  /**
   * Counts one guess as wrong before it is tried, so that killing Cloister gives no free guess. `succeeded` takes it back.
   * @returns `sign-in-delayed` while the account has to wait; `disk-full`, `data-folder-not-writable`: then no guess either
   */
  begin(userId: UserId): Result<void>;
  succeeded(userId: UserId): void;
  /**
   * Takes back the one guess that `begin` counted last in this run, and nothing before it: for a right passphrase where a
   * second factor is still to come. `succeeded` would let whoever knows the passphrase try second factors without end;
   * leaving it counted would lock out the person whose last free guess was right.
   */
  takeBack(userId: UserId): void;
  state(userId: UserId): { readonly failures: number; readonly waiting: boolean };
  /** So many wrong guesses that the long wait has begun. */
  isLockedOut(userId: UserId): boolean;
  /** IT lifts the wait. */
  clear(userId: UserId): void;
  /** True once after the file was damaged: every account had to wait from then on. */
  takeDamage(): boolean;
};

export type AttemptRules = {
  readonly signInFreeAttempts: number;
  readonly signInLockoutAfter: number;
  readonly signInLockoutMinutes: number;
};

export const attemptsFile = 'attempts.json';
const maximumAccounts = 1000;
const firstWaitMs = 2000;
const longestBackoffMs = 60_000;

const count = z.int().nonnegative();
const entrySchema = z.strictObject({
  user: userIdSchema,
  failures: count,
  /** Wait that was left when the clocks below were read. */
  waitMs: count,
  wallMs: count,
  monotonicMs: count,
  bootId: z.uuid(),
});
type Entry = z.infer<typeof entrySchema>;
const fileSchema = z.strictObject({
  v: z.literal(1),
  accounts: z.array(entrySchema).max(maximumAccounts),
  /** Set after damage: an account that is not listed waits as after this many failures. */
  unknownFailures: count,
  damagedAt: entrySchema.omit({ user: true, failures: true }).nullable(),
});
type File = z.infer<typeof fileSchema>;

export function createSignInAttempts(deps: {
  readonly folder: string;
  readonly clock: Clock;
  readonly rules: () => AttemptRules;
}): SignInAttempts {
  const { folder, clock, rules } = deps;
  let damaged = false;
  let counted: { readonly userId: UserId; readonly failuresBefore: number } | null = null;
  let file = read();
  if (damaged) keepDamage();

  function now() {
    return {
      wallMs: Math.max(0, clock.nowMs()),
      monotonicMs: Math.max(0, clock.monotonicMs()),
      bootId: clock.bootId,
    };
  }

  function read(): File {
    const path = join(folder, attemptsFile);
    if (!existsSync(path)) return { v: 1, accounts: [], unknownFailures: 0, damagedAt: null };
    const value = readValue(path);
    const parsed = fileSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    damaged = true;
    const { signInLockoutAfter } = rules();
    return {
      v: 1,
      accounts: [],
      unknownFailures: signInLockoutAfter,
      damagedAt: { waitMs: waitAfter(signInLockoutAfter), ...now() },
    };
  }

  /** Written at once: the wait must pass also while nobody tries, and the next run must not begin it again. */
  function keepDamage(): void {
    try {
      write(file);
    } catch {
      // What cannot be replaced at all is told by `begin`, which then refuses every guess.
    }
  }

  function entryOf(userId: UserId): Entry {
    const known = file.accounts.find(({ user }) => user === userId);
    if (known !== undefined) return known;
    const since = file.damagedAt ?? { waitMs: 0, ...now() };
    return { user: userId, failures: file.unknownFailures, ...since };
  }

  /** Wait after so many failures in a row, in ms. Where the two rules contradict each other, the stricter one holds. */
  function waitAfter(failures: number): number {
    const { signInFreeAttempts, signInLockoutAfter, signInLockoutMinutes } = rules();
    if (failures >= signInLockoutAfter) return signInLockoutMinutes * 60_000;
    const beyond = failures - signInFreeAttempts;
    return beyond <= 0 ? 0 : Math.min(longestBackoffMs, firstWaitMs * 2 ** (beyond - 1));
  }

  /**
   * Within one boot the monotonic clock counts, which nobody sets. Over a restart there is only the wall clock: one that
   * stands earlier than it did never shortens the wait, the whole of it begins again. One that was set forward cannot be
   * told from a real wait.
   */
  function waitLeftMs(entry: Entry): number {
    const at = now();
    const passed = at.bootId === entry.bootId ? at.monotonicMs - entry.monotonicMs : at.wallMs - entry.wallMs;
    return passed < 0 ? entry.waitMs : Math.max(0, entry.waitMs - passed);
  }

  function store(entry: Entry | null, userId: UserId): Result<void> {
    const others = file.accounts.filter(({ user }) => user !== userId);
    // The longest untouched give way: a longer file would count as damaged, and everybody would have to wait.
    const accounts = entry === null ? others : [...others.slice(1 - maximumAccounts), entry];
    return write({ ...file, accounts });
  }

  function write(next: File): Result<void> {
    try {
      replaceFile(folder, attemptsFile, Buffer.concat([canonicalBytes(next), Buffer.from('\n')]));
      file = next;
      return ok(undefined);
    } catch (cause) {
      return err(folderError(cause));
    }
  }

  /** So many failures, and none of their wait left. */
  function settle(userId: UserId, failures: number): void {
    counted = null;
    // An entry of its own also where none is needed: after damage an unlisted account would have to wait.
    const entry = { user: userId, failures, waitMs: 0, ...now() };
    store(failures === 0 && file.damagedAt === null ? null : entry, userId);
  }
  const reset = (userId: UserId): void => {
    settle(userId, 0);
  };

  return {
    begin(userId) {
      const entry = entryOf(userId);
      const leftMs = waitLeftMs(entry);
      if (leftMs > 0) {
        // Written down, so that what has passed still counts after the clock is set back.
        store({ ...entry, waitMs: leftMs, ...now() }, userId);
        return err(appError('sign-in-delayed', delayed(leftMs)));
      }
      const failures = entry.failures + 1;
      const stored = store({ user: userId, failures, waitMs: waitAfter(failures), ...now() }, userId);
      counted = stored.ok ? { userId, failuresBefore: entry.failures } : null;
      return stored;
    },
    succeeded: reset,
    takeBack(userId) {
      if (counted?.userId === userId) settle(userId, counted.failuresBefore);
    },
    clear: reset,
    state(userId) {
      const entry = entryOf(userId);
      return { failures: entry.failures, waiting: waitLeftMs(entry) > 0 };
    },
    isLockedOut(userId) {
      const entry = entryOf(userId);
      return entry.failures >= rules().signInLockoutAfter && waitLeftMs(entry) > 0;
    },
    takeDamage() {
      const was = damaged;
      damaged = false;
      return was;
    },
  };
}

function readValue(path: string): unknown {
  try {
    const bytes = readFileSync(path);
    const value = parseCanonical(bytes.subarray(0, -1));
    return value.ok && bytes.at(-1) === 0x0a ? value.value : null;
  } catch {
    return null;
  }
}

function delayed(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1000);
  const minutes = Math.ceil(seconds / 60);
  const wait = seconds < 90 ? `${seconds} ${seconds === 1 ? 'second' : 'seconds'}` : `${minutes} minutes`;
  return `Too many wrong passphrases for this account. Nothing was lost. Wait ${wait} and try again, or ask IT to lift the wait.`;
}
