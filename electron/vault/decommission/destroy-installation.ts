import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, lstatSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { attemptsFile } from '../accounts/sign-in-attempts.ts';
import { isJournalFile } from '../journal/journal-files.ts';
import { syncFolder, unfinishedName } from '../keys/durable-file.ts';
import { keyringFile, previousKeyringFile } from '../keys/keyring-file.ts';
import { nextDatabaseFile, sidecars } from '../rotation/rotation-files.ts';
import { databaseFile, restoringDatabaseFile, unfinishedDatabaseFile } from '../setup/installation-files.ts';

/**
 * Takes an installation off the disk: every generation of the sealed keys is overwritten, synced and removed first, for
 * without them the record is noise; then the record and what stands beside it. The database must be closed.
 * @throws the file system's error: what could not be removed is named by the next start
 */
export function destroyInstallation(folder: string): void {
  for (const name of [keyringFile, previousKeyringFile])
    for (const each of [name, unfinishedName(name)]) overwriteAndRemove(join(folder, each));
  syncFolder(folder);
  const databases = [databaseFile, nextDatabaseFile, unfinishedDatabaseFile, restoringDatabaseFile];
  for (const name of databases)
    for (const suffix of ['', ...sidecars]) rmSync(join(folder, name + suffix), { force: true });
  for (const name of readdirSync(folder).filter(isJournalFile)) rmSync(join(folder, name), { force: true });
  for (const each of [attemptsFile, unfinishedName(attemptsFile)])
    rmSync(join(folder, each), { force: true });
  syncFolder(folder);
}

/** An SSD may keep the old block: what is in it is still sealed by passphrases and recovery keys. */
function overwriteAndRemove(path: string): void {
  const size = lstatSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return;
  const file = openSync(path, 'r+');
  try {
    writeSync(file, randomBytes(size), 0, size, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  rmSync(path);
}
