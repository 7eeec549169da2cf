import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { err, ok, type Result } from '../../shared/result.ts';

/**
 * Files that only administrators of the computer may write. On POSIX systems the folder and the file must belong to a
 * trusted owner and be writable by nobody else (a POSIX access list shows in the group's bits). On Windows the access
 * list of the folder decides, which Node cannot read: the installer must set it.
 */
export type Trust = {
  readonly platform: NodeJS.Platform;
  /** User ids: root's, and in a development run the current user's. */
  readonly trustedOwners: readonly number[];
};

export type ReadProblem = 'unreadable' | 'not-a-file' | 'permissions' | 'too-large';

export function checkTrustedFolder(folder: string, trust: Trust): Result<'present' | 'absent', ReadProblem> {
  try {
    const status = lstatSync(folder);
    if (!status.isDirectory()) return err('not-a-file');
    return isTrusted(status, trust) ? ok('present') : err('permissions');
  } catch (cause) {
    const problem = problemOf(cause);
    return problem === 'absent' ? ok('absent') : err(problem);
  }
}

/** @returns the bytes; null where there is no such file */
export function readTrustedFile(
  path: string,
  maximumBytes: number,
  trust: Trust,
): Result<Buffer | null, ReadProblem> {
  try {
    if (!lstatSync(path).isFile()) return err('not-a-file');
    // What was looked at may be exchanged before it is opened: no link is followed and no pipe waited for, and the checks
    // that count are made on the open file. Windows has neither flag; `|` takes the missing ones as 0.
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const status = fstatSync(file);
      if (!status.isFile()) return err('not-a-file');
      if (!isTrusted(status, trust)) return err('permissions');
      const bytes = readAtMost(file, maximumBytes + 1);
      return bytes.byteLength > maximumBytes ? err('too-large') : ok(bytes);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const problem = problemOf(cause);
    return problem === 'absent' ? ok(null) : err(problem);
  }
}

function isTrusted({ uid, mode }: Stats, { platform, trustedOwners }: Trust): boolean {
  return platform === 'win32' || (trustedOwners.includes(uid) && (mode & 0o022) === 0);
}

function readAtMost(file: number, maximumBytes: number): Buffer {
  const buffer = Buffer.alloc(maximumBytes);
  let length = 0;
  while (length < maximumBytes) {
    const count = readSync(file, buffer, length, maximumBytes - length, null);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

/** @throws the cause again when the file system did not make it: a bug */
function problemOf(cause: unknown): ReadProblem | 'absent' {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  if (code === null) throw cause;
  if (code === 'ENOENT') return 'absent';
  return code === 'ELOOP' || code === 'ENOTDIR' ? 'not-a-file' : 'unreadable';
}
