import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

/** Why a copy is not whole: `source` could not be read (to its end), `target` could not be written. */
export type CopyFailure = 'cancelled' | 'source' | 'target' | 'disk-full';
export type CopyOutcome = { readonly sha256: string } | { readonly failure: CopyFailure };

const chunkBytes = 4 * 1024 * 1024;
/** The page draws no more often than it sees a difference. */
const progressSteps = 200;

/**
 * Copies a file of any size and hashes what it wrote; without `to` it only hashes. The copy is on the disk when this
 * returns, and gone where it is not whole. Holds its thread: for a worker.
 *
 * @param cancelled one 32-bit word, not 0 when it should end
 */
export function copyFile(
  {
    from,
    to,
    cancelled,
  }: { readonly from: string; readonly to: string | null; readonly cancelled: Int32Array },
  onProgress: (fraction: number) => void,
): CopyOutcome {
  let target: number | null = null;
  let outcome: CopyOutcome = { failure: 'target' };
  try {
    target = to === null ? null : openTarget(to);
    outcome = copyInto(from, target, cancelled, onProgress);
    if (target !== null) fsyncSync(target);
  } catch (error) {
    outcome = { failure: isFull(error) ? 'disk-full' : 'target' };
  }
  if (target !== null) closeSync(target);
  if (to !== null && target !== null && 'failure' in outcome) rmSync(to, { force: true });
  return outcome;
}

function openTarget(path: string): number {
  rmSync(path, { force: true });
  // Made by us: a link that somebody laid out would lead the bytes elsewhere.
  return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
}

/** @throws what the target's file system says */
function copyInto(
  from: string,
  target: number | null,
  cancelled: Int32Array,
  onProgress: (fraction: number) => void,
): CopyOutcome {
  const source = orNull(() => openSync(from, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  if (source === null) return { failure: 'source' };
  try {
    const found = fstatSync(source);
    // A pipe or a device has no end to wait for.
    if (!found.isFile()) return { failure: 'source' };
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let done = 0;
    let step = 0;
    for (;;) {
      if (Atomics.load(cancelled, 0) !== 0) return { failure: 'cancelled' };
      const read = orNull(() => readSync(source, buffer, 0, chunkBytes, null));
      if (read === null) return { failure: 'source' };
      if (read === 0) return done === found.size ? { sha256: hash.digest('hex') } : { failure: 'source' };
      hash.update(buffer.subarray(0, read));
      if (target !== null) writeAll(target, buffer.subarray(0, read));
      done += read;
      const reached = Math.floor((done / found.size) * progressSteps);
      if (reached > step) onProgress(Math.min(1, reached / progressSteps));
      step = reached;
    }
  } finally {
    closeSync(source);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

/** A drive that was taken out shows in any call. */
function orNull<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
