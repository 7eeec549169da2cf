import { appError, type AppError } from '../../shared/app-error.ts';

/** One sentence of what is wrong for each, then what was kept and what to do. */

const unusable = (what: string, advice: string): AppError =>
  appError('backup-unusable', `${what} Nothing was changed. ${advice}`);

const takeAnother = 'Take another backup, and keep this one until IT has looked at it.';

export const noBackup = unusable(
  'This folder is no complete backup: it has no manifest.json, which is written last.',
  'Choose the folder that Cloister named when it made the backup, or take another one.',
);
export const manifestDamaged = unusable('The manifest of this backup is damaged.', takeAnother);
export const manifestForeign = unusable(
  'The manifest of this backup was changed, or belongs to another installation.',
  takeAnother,
);
export const foreignFiles = unusable(
  'This folder holds something else than the three files of a backup.',
  'Copy manifest.json, cloister.db and keyring.json of one backup into an empty folder, and try that.',
);
export const newerBackup = unusable(
  'This backup was made by a newer Cloister than this one.',
  'Install that version first, then try again.',
);
export const unreadableBackup = unusable(
  'The files of this backup could not be read to their end.',
  'Check the drive that they are on and who may read them, then try again.',
);
export const keyringOfBackupDamaged = unusable('The key file of this backup is damaged.', takeAnother);
export const keysUnderChange = unusable(
  'The key file of this backup was written while its keys were being changed.',
  takeAnother,
);
export const otherRecord = unusable(
  'The record in this backup is not the one that its key file belongs to.',
  takeAnother,
);
export const tooManyRestores = unusable(
  'This record was restored as often as one record can be.',
  'Report this: nobody should ever see it.',
);

export function fileMissing(name: string): AppError {
  return unusable(`${name} of this backup is missing.`, takeAnother);
}
export function fileCutOff(name: string, sizeBytes: number, expectedBytes: number): AppError {
  return unusable(
    `${name} of this backup has ${sizeBytes} bytes in the place of ${expectedBytes}.`,
    takeAnother,
  );
}
export function fileDamaged(name: string): AppError {
  return unusable(
    `${name} of this backup is damaged: its bytes are not those that were written.`,
    takeAnother,
  );
}
/** @param problem of `LogCheck`: names no text */
export function recordDamaged(problem: string, entry: number | null): AppError {
  const where = entry === null ? '' : ` at entry ${entry}`;
  return unusable(`The record in this backup does not hold${where}: ${problem}.`, takeAnother);
}
