import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTimeSync, systemClock } from './clock.ts';

it('AC-27: tells whether the clock was set by another one since boot, and when nobody tells', () => {
  const root = mkdtempSync(join(tmpdir(), 'cloister-clock-'));
  const folder = join(root, 'timesync');
  expect(readTimeSync(folder)).toBe('unknown');
  mkdirSync(folder);
  expect(readTimeSync(folder)).toBe('not-synchronised');
  writeFileSync(join(folder, 'synchronized'), '');
  expect(readTimeSync(folder)).toBe('synchronised');
  rmSync(root, { recursive: true });
});

it('AC-27: has one boot, and a clock that only goes forward beside the one on the wall', () => {
  const [one, other] = [systemClock(), systemClock()];
  expect(one.bootId).toMatch(/^[0-9a-f-]{36}$/);
  if (process.platform === 'linux') expect(other.bootId).toBe(one.bootId);
  const before = one.monotonicMs();
  expect(one.monotonicMs()).toBeGreaterThanOrEqual(before);
  expect(Math.abs(one.nowMs() - Date.now())).toBeLessThan(60_000);
});
