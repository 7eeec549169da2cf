import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../../shared/result.ts';
import { createJournalSecrets, openSealedJournal } from '../journal/sealed-journal.ts';
import { writeKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import type { Clock } from '../log/clock.ts';
import { writeFirstLeaves } from './first-leaves.ts';
import { databaseFile, unfinishedDatabaseFile } from './installation-files.ts';

/** Database under its unfinished name, then the keyring, then the database's final name: a crash between leaves a way on. */
export async function storeInstallation(input: {
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly keys: VaultKeys;
  readonly provisioning: Parameters<typeof writeFirstLeaves>[0]['provisioning'];
}): Promise<Result<void>> {
  const { dataFolder, keyring } = input;
  // What happens before the first sign-in is to be told at the first sign-in.
  const journal = await createJournalSecrets();
  const unfinished = join(dataFolder, unfinishedDatabaseFile);
  const written = writeFirstLeaves({
    path: unfinished,
    keyring,
    keys: input.keys,
    clock: input.clock,
    appVersion: input.appVersion,
    provisioning: input.provisioning,
    journal,
  });
  if (!written.ok) return written;
  const saved = writeKeyring(dataFolder, keyring);
  if (!saved.ok) return saved;
  renameSync(unfinished, join(dataFolder, databaseFile));
  return openSealedJournal({ folder: dataFolder, clock: input.clock }).replace(journal);
}
