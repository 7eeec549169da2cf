import { existsSync, lstatSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { keyringFile } from '../../vault/keys/keyring-file.ts';
import { nextDatabaseFile } from '../../vault/rotation/rotation-files.ts';
import { databaseFile, unfinishedDatabaseFile } from '../../vault/setup/installation-files.ts';
import type { CommandDeps } from '../command.ts';
import type { Finding } from './finding.ts';

const mebibyte = 1024 * 1024;
/** Room for the record's growth, and for the copy that a change of its key needs. */
const enoughBytes = 1024 * mebibyte;

export function databaseCheck({ facts }: CommandDeps): Finding {
  const finding = (state: Finding['state'], sentence: string): Finding => ({
    subject: 'record file',
    state,
    sentence,
  });
  const isThere = (name: string): boolean => existsSync(join(facts.dataFolder, name));
  const sizeBytes = sizeOf(join(facts.dataFolder, databaseFile));
  if (!isThere(keyringFile)) {
    return sizeBytes === null
      ? finding('not-checked', 'There is none: Cloister is not set up for this account.')
      : finding('attention', 'It is there without its key file. Restore the key file from a backup.');
  }
  if (sizeBytes === null) {
    return isThere(unfinishedDatabaseFile)
      ? finding('attention', 'The set-up was interrupted at its end. Start Cloister once; it finishes it.')
      : finding('attention', 'It is missing. Do not set up Cloister again; restore it from a backup.');
  }
  if (isThere(nextDatabaseFile)) {
    return finding(
      'attention',
      'A change of its key was interrupted. Nothing is lost: the next sign-in finishes it or takes it back.',
    );
  }
  return sizeBytes === 0
    ? finding('attention', 'It is empty. Do not set up Cloister again; restore it from a backup.')
    : finding('ok', `It is there, ${Math.ceil(sizeBytes / mebibyte)} MiB.`);
}

export function freeSpaceCheck({ facts }: CommandDeps): Finding {
  const freeBytes = freeBytesAt(facts.dataFolder);
  const finding = (state: Finding['state'], sentence: string): Finding => ({
    subject: 'free disk space',
    state,
    sentence,
  });
  if (freeBytes === null) return finding('not-checked', 'This system does not tell.');
  const free = `${Math.floor(freeBytes / mebibyte)} MiB are free.`;
  const neededBytes = enoughBytes + 2 * (sizeOf(join(facts.dataFolder, databaseFile)) ?? 0);
  return freeBytes >= neededBytes
    ? finding('ok', free)
    : finding(
        'attention',
        `${free} On a full disk nothing can be recorded, so Cloister stops. Free ${Math.ceil(neededBytes / mebibyte)} MiB.`,
      );
}

function sizeOf(path: string): number | null {
  try {
    const status = lstatSync(path);
    return status.isFile() ? status.size : null;
  } catch {
    return null;
  }
}

/** Of the folder, or where it will be made. */
function freeBytesAt(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return dirname(folder) === folder ? null : freeBytesAt(dirname(folder));
  }
}
