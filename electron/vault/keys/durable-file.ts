import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appError, type AppError } from '../../shared/app-error.ts';

/** Where a file is written until it is whole. */
export const unfinishedName = (name: string): string => `${name}.tmp`;

/**
 * Replaces a file so that a power cut leaves the old bytes or the new ones: temporary file, fsync, rename, fsync of the
 * folder. Readable by this user only. What a killed run left under the temporary name is replaced by the next one.
 * @throws the file system's error; the file is then as it was
 */
export function replaceFile(folder: string, name: string, bytes: Uint8Array): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, unfinishedName(name));
  rmSync(temporary, { force: true });
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, join(folder, name));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
  syncFolder(folder);
}

/** Windows has no handle to sync a folder with; NTFS journals the rename itself. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** @throws the cause again when it is none that a person can act on */
export function folderError(cause: unknown): AppError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull;
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return notWritable;
  throw cause;
}

const diskFull = appError(
  'disk-full',
  'The disk is full, so the key file could not be written. It is as it was before, and nothing was lost. Free some space and try again.',
);
const notWritable = appError(
  'data-folder-not-writable',
  'Cloister may not write to its data folder, so the key file could not be written. It is as it was before, and nothing was lost. Call IT: the folder must belong to this user and be writable.',
);
