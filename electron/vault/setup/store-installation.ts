import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../../shared/result.ts';
import { writeKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import type { Clock } from '../log/clock.ts';
import { writeFirstLeaves } from './first-leaves.ts';
import { databaseFile, unfinishedDatabaseFile } from './installation-files.ts';

/** Database under its unfinished name, then the keyring, then the database's final name: a crash between leaves a way on. */
export function storeInstallation(input: {
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly keys: VaultKeys;
  readonly provisioning: Parameters<typeof writeFirstLeaves>[0]['provisioning'];
}): Result<void> {
  const { dataFolder, keyring } = input;
  const unfinished = join(dataFolder, unfinishedDatabaseFile);
  const written = writeFirstLeaves({
    path: unfinished,
    keyring,
    keys: input.keys,
    clock: input.clock,
    appVersion: input.appVersion,
    provisioning: input.provisioning,
  });
  if (!written.ok) return written;
  const saved = writeKeyring(dataFolder, keyring);
  if (!saved.ok) return saved;
  renameSync(unfinished, join(dataFolder, databaseFile));
  return ok(undefined);
}
