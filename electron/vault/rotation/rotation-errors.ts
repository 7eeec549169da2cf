import { appError, type AppError } from '../../shared/app-error.ts';
import { databaseFailure } from '../database/open-database.ts';

/** @returns the sentence for what stopped a change of the key before it counted; null for a bug */
export function rotationError(cause: unknown): AppError | null {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull;
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return notWritable;
  switch (databaseFailure(cause)) {
    case 'disk-full':
      return diskFull;
    case 'not-writable':
      return notWritable;
    case 'damaged':
      return damaged;
    case null:
      return null;
  }
}

const diskFull = appError(
  'disk-full',
  'The disk is full, so the key of the record could not be changed: for a moment the record needs its own size once more. The record and its key are as they were, and nothing was lost. Free some space and try again.',
);
const notWritable = appError(
  'data-folder-not-writable',
  'Cloister may not write to its data folder, so the key of the record could not be changed. The record and its key are as they were. Call IT: the folder must belong to this user and be writable.',
);
const damaged = appError(
  'database-damaged',
  'The record file is damaged, so its key was not changed. Nothing was changed or deleted. Do not use this computer for Cloister; call IT, who can restore a backup.',
);
export const recordInUse = appError(
  'internal',
  'The record is still in use by an export or a check, so its key was not changed. Nothing was lost. Wait until that is done and try again.',
);
export const copyDiffers = appError(
  'record-inconsistent',
  'The copy of the record under the new key was not the same as the record, so the key was not changed. The record is as it was, and nothing was lost. Try again; if it happens again, call IT: the disk or the memory of this computer may be failing.',
);

/** From here on the new key counts. */
export const swapUnfinished = appError(
  'data-folder-not-writable',
  'The key of the record was changed, but the record file could not be put in its place yet. Nothing was lost. Sign in again: Cloister finishes then. If it says this again, restart the computer, then call IT.',
);
export const nextDamaged = appError(
  'database-damaged',
  'The key of the record was being changed when Cloister ended, and the new record file is damaged. The record file of before is there too, and neither was changed or deleted. Do not use this computer for Cloister; call IT, who restore the key file or a backup.',
);
export const oldKeyringOpensNothing = appError(
  'keyring-damaged',
  'The newest key file is damaged, and the one before it does not open the record: its key was changed since. Nothing was changed or deleted. Call IT, who restore the key file from a backup.',
);
