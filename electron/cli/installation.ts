import { appError } from '../shared/app-error.ts';
import { err, ok, type Result } from '../shared/result.ts';
import { readKeyring, type ReadKeyring } from '../vault/keys/keyring-file.ts';

/** The key file of this installation. @returns `not-set-up` where there is none, else what `readKeyring` says */
export function readInstalledKeyring(dataFolder: string): Result<ReadKeyring> {
  const read = readKeyring(dataFolder);
  if (!read.ok) return read;
  return read.value === null ? err(notSetUp) : ok(read.value);
}

const notSetUp = appError(
  'not-set-up',
  'Cloister is not set up for this account of the computer. Nothing was changed. Start the command as the account that uses Cloister, or set Cloister up first.',
);
