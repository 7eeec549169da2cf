import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { ok, type Result } from '../shared/result.ts';
import { openBackup } from '../vault/backup/open-backup.ts';
import { unlockWithRecoveryKey } from '../vault/keys/installation.ts';
import type { RecoveryIdentity } from '../vault/keys/recovery-key.ts';
import { forgetKeys } from '../vault/keys/sealed-keys.ts';
import { askRecoveryKey } from './asked-recovery-key.ts';
import type { Command, CommandDeps, CommandReport } from './command.ts';
import { readInstalledKeyring } from './installation.ts';

export const drill: Command = {
  name: 'drill',
  summary:
    'Proves that a recovery key opens the keys of this installation, or a whole backup. Nothing is written.',
  explanation: [
    'The key is asked for and not shown, or read from a pipe: cloister drill < KEYFILE.',
    'Proven is: the key opens the sealed keys, the log key among them is the one of the record, and nobody without the',
    'keys changed the key file. The record itself is not opened, so the app may be running.',
    'With --backup, the backup in that folder is opened with the key and checked to its last entry and text, as a restore',
    'would, on any computer; nothing is installed.',
  ],
  values: [],
  options: [
    {
      name: 'backup',
      value: 'FOLDER',
      explanation: 'the backup to check, in the place of this installation',
      needed: false,
    },
  ],
  async run({ options }, deps) {
    const folder = options['backup'];
    return folder === undefined
      ? drillInstallation(deps)
      : drillBackup(resolve(deps.workingFolder, folder), deps);
  },
};

async function drillInstallation(deps: CommandDeps): Promise<Result<CommandReport>> {
  const read = readInstalledKeyring(deps.facts.dataFolder);
  if (!read.ok) return read;
  const { keyring, notice } = read.value;
  const identity = await askRecoveryKey(deps);
  if (!identity.ok) return identity;
  const opened = await unlockWithRecoveryKey({ keyring, identity: identity.value });
  if (!opened.ok) return opened;
  forgetKeys(opened.value);
  const { installationId, generation, epoch } = keyring;
  return ok({
    passed: true,
    lines: [
      ...(notice === null ? [] : [notice]),
      `This recovery key opens the keys of this installation (key file generation ${generation}). Nothing was written.`,
    ],
    json: { opens: true, installationId, generation, epoch, notice },
  });
}

async function drillBackup(folder: string, deps: CommandDeps): Promise<Result<CommandReport>> {
  const identity = await askRecoveryKey(deps);
  return identity.ok ? checkBackup(folder, identity.value) : identity;
}

async function checkBackup(folder: string, identity: RecoveryIdentity): Promise<Result<CommandReport>> {
  const opened = await openBackup({
    folder,
    identity,
    temporaryFolder: tmpdir(),
    onProgress: () => undefined,
  });
  if (!opened.ok) return opened;
  const { manifest, check, keyring, keys, close } = opened.value;
  close();
  forgetKeys(keys);
  const { installationId, origin, madeAt, treeSize } = manifest;
  return ok({
    passed: true,
    lines: [
      `This recovery key opens the backup of ${keyring.organisationName} of ${madeAt}: ${treeSize} entries and ${check.payloadsChecked} texts, all of them checked. Nothing was written.`,
    ],
    json: {
      opens: true,
      installationId,
      origin,
      madeAt,
      treeSize,
      root: check.rootHash,
      texts: check.payloadsChecked,
    },
  });
}
