import { renameSync } from 'node:fs';
import { err, ok, type Result } from '../../shared/result.ts';
import { syncFolder } from '../keys/durable-file.ts';
import { confirmGeneration, readKeyring } from '../keys/keyring-file.ts';
import { swapUnfinished } from './rotation-errors.ts';
import { removeSidecars, rotationPaths } from './rotation-files.ts';

export type SwapStep = 'sidecars-removed' | 'renamed';

/**
 * Steps 3 and 4 of a rotation: the copy takes the database's place, then the key file of before goes. It goes last,
 * because until the rename it opens the database that stands there; and the rename comes only once the newest key file
 * was read back, because after it the one before opens nothing. Idempotent.
 * @returns `data-folder-not-writable` where the system refuses; everything is then as before this call or further on
 */
export function swapDatabase(folder: string, reached: (step: SwapStep) => void): Result<void> {
  const keyring = readKeyring(folder);
  if (!keyring.ok) return keyring;
  if (keyring.value === null || keyring.value.notice !== null) return err(swapUnfinished);
  const { current, next } = rotationPaths(folder);
  try {
    removeSidecars(current);
    syncFolder(folder);
    reached('sidecars-removed');
    renameSync(next, current);
    syncFolder(folder);
  } catch {
    return err(swapUnfinished);
  }
  reached('renamed');
  // A failure leaves a file that opens nothing; it goes when the session confirms the generation.
  confirmGeneration(folder);
  return ok(undefined);
}
