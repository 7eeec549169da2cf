import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** All that a leaf says about time (45 CFR 170.210(g)): wall clock, monotonic clock with its boot, and synchronisation. */
export type Clock = {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
  /** Milliseconds since boot. */
  monotonicMs(): number;
  readonly bootId: string;
  timeSync(): 'synchronised' | 'not-synchronised' | 'unknown';
};

/** More than this backwards is an event of its own (45 CFR 170.210(g)). */
export const clockToleranceMs = 2000;

export function systemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => Number(process.hrtime.bigint() / 1_000_000n),
    bootId: readBootId(),
    timeSync: () => readTimeSync(),
  };
}

/** Linux gives a boot its own uuid. Elsewhere a start of the vault counts as one: a new id promises nothing false. */
function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return randomUUID();
  }
}

/** systemd-timesyncd touches a file in its folder at the first synchronisation after boot; other daemons do not tell. */
export function readTimeSync(folder = '/run/systemd/timesync'): ReturnType<Clock['timeSync']> {
  if (existsSync(join(folder, 'synchronized'))) return 'synchronised';
  return existsSync(folder) ? 'not-synchronised' : 'unknown';
}
