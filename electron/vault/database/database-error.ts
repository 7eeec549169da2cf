import { appError, type AppError } from '../../shared/app-error.ts';
import { NewerDatabaseError } from './migrations.ts';
import { databaseFailure } from './open-database.ts';

/** The sentence for a failure of the database that a person can act on; null for a bug. */
export function databaseError(cause: unknown): AppError | null {
  if (cause instanceof NewerDatabaseError) return newer;
  switch (databaseFailure(cause)) {
    case 'disk-full':
      return appError(
        'disk-full',
        'The disk is full, so this could not be recorded and was not done. Everything recorded before is kept. Free some space or call IT, then try again.',
      );
    case 'not-writable':
      return appError(
        'data-folder-not-writable',
        'Cloister may not write to its data folder, so this could not be recorded and was not done. Everything recorded before is kept. Call IT.',
      );
    case 'damaged':
      return appError(
        'database-damaged',
        'The record file is damaged and could not be opened. Nothing was changed or deleted. Do not use this computer for Cloister; call IT, who can restore a backup.',
      );
    case null:
      return null;
  }
}

const newer = appError(
  'app-outdated',
  'A newer version of Cloister wrote this record, and this one does not know all of it. Nothing was opened or changed, and nothing is lost. IT: install the newest Cloister on this computer again.',
);
