import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyFile } from './copy-file.ts';

let folder: string;
let from: string;
let to: string;
const bytes = Buffer.alloc(9 * 1024 * 1024, 'made-up model');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-copy-'));
  from = join(folder, 'on a drive, ä.gguf');
  to = join(folder, 'import.part');
  writeFileSync(from, bytes);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});
const copied = (onProgress: (fraction: number) => void = () => undefined, cancelled = new Int32Array(1)) =>
  copyFile({ from, to, cancelled }, onProgress);

it('copies from a drive that cannot be written to, and hashes on the way', () => {
  chmodSync(from, 0o444);
  const fractions: number[] = [];
  expect(copied((fraction) => fractions.push(fraction))).toEqual({
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  expect(readFileSync(to).equals(bytes)).toBe(true);
  expect(fractions.at(-1)).toBe(1);
});

it('from a drive that goes away in the middle leaves nothing, and says that it was the drive', () => {
  expect(
    copied(() => {
      truncateSync(from, 5_000_000);
    }),
  ).toEqual({ failure: 'source' });
  expect(existsSync(to)).toBe(false);
});

it.runIf(process.platform === 'linux')('waits for no pipe, and reads no device', () => {
  rmSync(from);
  execFileSync('mkfifo', [from]);
  expect(copied()).toEqual({ failure: 'source' });
  rmSync(from);
  symlinkSync('/dev/zero', from);
  expect(copied()).toEqual({ failure: 'source' });
  expect(existsSync(to)).toBe(false);
});

it('that is stopped, or has no place to go to, leaves nothing', () => {
  const cancelled = new Int32Array(1);
  expect(copied(() => (cancelled[0] = 1), cancelled)).toEqual({ failure: 'cancelled' });
  expect(existsSync(to)).toBe(false);
  to = join(folder, 'not-there', 'import.part');
  expect(copied()).toEqual({ failure: 'target' });
});

it('goes where it says, and not where a link leads that somebody laid out', () => {
  const elsewhere = join(folder, 'elsewhere');
  writeFileSync(elsewhere, 'untouched');
  symlinkSync(elsewhere, to);
  expect(copied()).toHaveProperty('sha256');
  expect([readFileSync(elsewhere, 'utf8'), readFileSync(to).equals(bytes)]).toEqual(['untouched', true]);
});
