import { appError, type AppError } from '../../shared/app-error.ts';
import type { CopyFailure } from './copy-file.ts';

/** Sentences for IT about files that are brought from a drive. They name no path. */

export const notChosen = appError(
  'invalid-input',
  'The file was not chosen in this session. Nothing was copied. Choose it again.',
);
export const alreadyImporting = appError(
  'invalid-input',
  'Another file is being read. Nothing else was begun. Wait for it or stop it, then try again.',
);
export const notApproved = appError(
  'model-wrong-hash',
  'This file is none of the approved models, so it was not added and nothing uses it. The record says that somebody tried. Compare its SHA-256 with the catalogue, or ask for a newer catalogue.',
);
export const sourceUnreadable = appError(
  'file-unreadable',
  'The file could not be read to its end; a drive that was taken out does that. Nothing was added. Put the drive in again, then import the file again.',
);

export const importErrors: Readonly<Record<CopyFailure, AppError>> = {
  cancelled: appError('cancelled', 'The import was stopped. Nothing was added.'),
  source: sourceUnreadable,
  target: appError(
    'data-folder-not-writable',
    'The copy could not be written to the folder of the models. Nothing was added. Check the folder and the disk, then import the file again.',
  ),
  'disk-full': appError(
    'disk-full',
    'The disk is full. Nothing was added, and what was copied was deleted. Free some space, then import the file again.',
  ),
};
