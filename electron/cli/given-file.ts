import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { appError } from '../shared/app-error.ts';
import { err, ok, type Result } from '../shared/result.ts';

/**
 * A file that an administrator named on the command line.
 * @param what as it begins a sentence: `The policy`
 * @returns the bytes; `file-unreadable` or `file-too-large`
 */
export function readGivenFile(path: string, what: string, maximumBytes: number): Result<Buffer> {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    if (!fstatSync(file).isFile()) return err(unreadable(what));
    const bytes = Buffer.alloc(maximumBytes + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length <= maximumBytes; length += count)
      count = readSync(file, bytes, length, bytes.byteLength - length, null);
    if (length <= maximumBytes) return ok(bytes.subarray(0, length));
    bytes.fill(0);
    return err(tooLarge(what, maximumBytes));
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    return err(unreadable(what));
  } finally {
    if (file !== null) closeSync(file);
  }
}

function unreadable(what: string) {
  return appError(
    'file-unreadable',
    `${what} could not be read: there is no such file, or this account may not read it. Nothing was changed. Check the name of the file and whose it is.`,
  );
}

function tooLarge(what: string, maximumBytes: number) {
  return appError(
    'file-too-large',
    `${what} is larger than ${Math.floor(maximumBytes / 1024)} KiB, the most that is read. Nothing was changed. Check that it is the right file.`,
  );
}
