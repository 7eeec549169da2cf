import { closeSync, fsyncSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';

/**
 * Writes a recovery key to a file on another medium than this computer's disks. A key beside the lock that it opens
 * protects nothing, so a target on the file system of the data folder, of the home folder or of the system is refused.
 * @param ownFolders folders whose file systems count as this disk
 */
export function writeToRemovableMedium(
  path: string,
  text: string,
  ownFolders: readonly string[],
): Result<{ fileName: string }> {
  try {
    const target = statSync(dirname(path)).dev;
    if (ownFolders.some((folder) => statSync(folder).dev === target)) {
      return err(
        appError(
          'removable-medium-needed',
          'That place is on this computer, so a thief of the computer would have the recovery key too. Nothing was saved. Choose a USB stick or another removable drive, or print the key.',
        ),
      );
    }
    const file = openSync(path, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } catch (cause) {
      unlinkSync(path);
      throw cause;
    } finally {
      closeSync(file);
    }
    return ok({ fileName: basename(path) });
  } catch {
    return err(
      appError(
        'removable-medium-needed',
        'The recovery key could not be written there: the drive may be full, write-protected or gone, or a file of that name exists. Nothing was saved. Choose another name or drive, or print the key.',
      ),
    );
  }
}
