import { createHash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import type { AppError } from '../shared/app-error.ts';
import type { HashedFile } from '../links/hashed-file.ts';
import { err, ok, type Result } from '../shared/result.ts';
import { modelMissing } from '../links/model-missing.ts';
import { isSoundHeader } from './gguf-header.ts';
import { modelNotGguf, modelTruncated, modelUnreadable, modelWrongHash } from './model-errors.ts';

const magic = Buffer.from('GGUF', 'latin1');
const chunkBytes = 4 * 1024 * 1024;

/** A file whose bytes were hashed and are the approved ones. */
export type VerifiedModelFile = {
  /** As `HashedFile` has it. */
  readonly identity: string;
  /**
   * Whether the path still leads to the very file that was hashed, unwritten since (device, inode, size, times).
   *
   * The engine opens the file by its path, after us: somebody who can write to the models folder could exchange it in
   * between. So ask right before and right after the load, and drop the model if the answer is no. What remains is a
   * writer who acts within those moments and resets the times, or who writes into the mapped file later: such a writer
   * already acts as this user, which is outside of what a check by this process can stop.
   */
  isUnchanged(): Promise<boolean>;
  /** Whether the numbers in its header keep within the file; see `gguf-header.ts`. */
  hasSoundHeader(): Promise<boolean>;
  close(): Promise<void>;
};

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => error.code === code);
}

async function hashFile(
  file: FileHandle,
  sizeBytes: number,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, sizeBytes));
  let position = 0;
  while (position < sizeBytes) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
    onProgress(position / sizeBytes);
  }
  return hash.digest('hex');
}

type Approved = {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly hashed: HashedFile | null;
};

async function checkOpenFile(
  file: FileHandle,
  approved: Approved,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<Result<string>> {
  const before = await file.stat({ bigint: true });
  if (!before.isFile()) return err(modelMissing);
  const size = Number(before.size);
  const head = Buffer.alloc(magic.length);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  if (bytesRead > 0 && !head.subarray(0, bytesRead).equals(magic.subarray(0, bytesRead)))
    return err(modelNotGguf);
  if (size < approved.sizeBytes) return err(modelTruncated(approved.sizeBytes, size));
  const identity = identityOf(before);
  // A name or a date can be given to any file. That it changed, and when, is the system's own word.
  const { hashed } = approved;
  if (hashed?.sha256 === approved.sha256 && hashed.identity === identity) return ok(identity);
  const found = await hashFile(file, size, onProgress, signal);
  if (found !== approved.sha256) return err(modelWrongHash(approved.sha256, found));
  return ok(identity);
}

/**
 * Reads the whole file once: exists, is a GGUF file, has the approved size and SHA-256. One that was hashed before while
 * this app runs, and has not been changed since, is not read again. Rejects only when `signal` aborts. The handle stays open until `close`, so that its identity cannot be given to another file.
 */
export async function verifyModelFile(options: {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly hashed: HashedFile | null;
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
}): Promise<Result<VerifiedModelFile, AppError>> {
  let file: FileHandle;
  try {
    file = await open(options.path, 'r');
  } catch (error) {
    return err(hasCode(error, 'ENOENT', 'ENOTDIR') ? modelMissing : modelUnreadable);
  }
  try {
    const checked = await checkOpenFile(file, options, options.onProgress, options.signal);
    if (!checked.ok) {
      await file.close();
      return checked;
    }
    const identity = checked.value;
    return ok({
      identity,
      isUnchanged: async () => {
        const atPath = await stat(options.path, { bigint: true }).catch(() => null);
        return atPath !== null && identityOf(atPath) === identity;
      },
      hasSoundHeader: () => isSoundHeader(file),
      close: () => file.close(),
    });
  } catch (error) {
    await file.close();
    options.signal.throwIfAborted();
    // A directory opens but does not read; anything else with a code is the disk or its permissions.
    if (hasCode(error, 'EISDIR')) return err(modelMissing);
    if (error instanceof Error && 'code' in error) return err(modelUnreadable);
    throw error;
  }
}
