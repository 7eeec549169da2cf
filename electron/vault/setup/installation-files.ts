import { accessSync, chmodSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { confirmGeneration, readKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';

/** What stands on the disk: the keyring (or none before the first run) and where the database is. */
export type Installation = {
  readonly keyring: Keyring | null;
  readonly databasePath: string;
  /** To be said on the next screen: an older key file had to be used. */
  readonly notice: string | null;
  /** To be called after the database was opened with keys of this keyring generation. */
  confirm(): void;
};

export const databaseFile = 'cloister.db';
/** The database of a set-up that has not been completed. The keyring is written before it gets its final name. */
export const unfinishedDatabaseFile = 'cloister.db.setup';

/** What a restore builds; under a name of its own until all of it was read back. */
export const restoringDatabaseFile = 'cloister.db.restoring';

/** Looks at the data folder. Writes nothing but the end of an interrupted set-up, and deletes nothing that has a key. */
export function openInstallation(dataFolder: string): Result<Installation> {
  const folder = prepareFolder(dataFolder);
  if (!folder.ok) return folder;
  const read = readKeyring(dataFolder);
  if (!read.ok) return read;
  const databasePath = join(dataFolder, databaseFile);
  const unfinishedPath = join(dataFolder, unfinishedDatabaseFile);
  const keyring = read.value?.keyring ?? null;
  if (keyring === null) {
    if (existsSync(databasePath)) return err(keyringMissing);
    // Nobody ever had a key to it.
    removeDatabase(unfinishedPath);
  } else {
    if (!existsSync(databasePath)) {
      if (!existsSync(unfinishedPath)) return err(databaseMissing);
      renameSync(unfinishedPath, databasePath);
    }
    // Left by a restore that was killed; nobody has a key to it.
    removeDatabase(join(dataFolder, restoringDatabaseFile));
  }
  return ok({
    keyring,
    databasePath,
    notice: read.value?.notice ?? null,
    confirm: () => {
      confirmGeneration(dataFolder);
    },
  });
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

function prepareFolder(dataFolder: string): Result<void> {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    accessSync(dataFolder, constants.R_OK | constants.W_OK | constants.X_OK);
    chmodSync(dataFolder, 0o700);
    return ok(undefined);
  } catch {
    return err(
      appError(
        'data-folder-not-writable',
        'Cloister may not write to its data folder, so it could not record anything and does not start. Nothing was changed. Call IT: the folder must belong to this user and be writable.',
      ),
    );
  }
}

const keyringMissing = appError(
  'keyring-damaged',
  'The key file of this installation is missing, so the record cannot be opened. The record itself is there and was not touched. Call IT, who restore the key file from a backup.',
);
const databaseMissing = appError(
  'database-damaged',
  'The record file of this installation is missing. The key file is there and was not touched. Do not set up Cloister again; call IT, who restore the record from a backup.',
);
