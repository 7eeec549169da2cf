import { closeSync, existsSync, fchmodSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { appError } from '../shared/app-error.ts';
import { err, ok, type Result } from '../shared/result.ts';

export type NewFile = {
  readonly path: string;
  readonly bytes: string | Uint8Array;
  /** `0o600` for a key; what is to be copied to other computers may be read by everybody. */
  readonly mode: 0o600 | 0o644;
};

/**
 * Writes files that must not be there yet: nothing is ever replaced. All of them or none.
 * @returns `invalid-input` where one exists, `disk-full`, `file-unreadable` where the folder cannot be written
 */
export function writeNewFiles(files: readonly NewFile[]): Result<void> {
  if (files.some(({ path }) => existsSync(path))) return err(exists);
  const written: string[] = [];
  try {
    for (const { path, bytes, mode } of files) {
      const file = openSync(path, 'wx', mode);
      written.push(path);
      try {
        writeFileSync(file, bytes);
        // Whatever the umask is.
        fchmodSync(file, mode);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    }
    return ok(undefined);
  } catch (cause) {
    for (const path of written) rmSync(path, { force: true });
    const code = cause instanceof Error && 'code' in cause ? cause.code : null;
    if (code === null) throw cause;
    if (code === 'EEXIST') return err(exists);
    return err(code === 'ENOSPC' || code === 'EDQUOT' ? full : notWritable);
  }
}

const exists = appError(
  'invalid-input',
  'A file of that name is there already, and nothing is ever replaced. Nothing was written. Move it away or choose another name.',
);
const full = appError('disk-full', 'The disk is full. Nothing was written. Free some space and try again.');
const notWritable = appError(
  'file-unreadable',
  'The folder is not there or may not be written. Nothing was written. Choose another folder, or make it first.',
);
