import { ok } from '../shared/result.ts';
import { unlockWithRecoveryKey } from '../vault/keys/installation.ts';
import { parseRecoveryIdentity } from '../vault/keys/recovery-key.ts';
import type { Command } from './command.ts';
import { readInstalledKeyring } from './installation.ts';

export const drill: Command = {
  name: 'drill',
  summary: 'Proves that a recovery key opens the keys of this installation. Nothing is written.',
  explanation: [
    'The key is asked for and not shown, or read from a pipe: cloister drill < KEYFILE.',
    'Proven is: the key opens the sealed keys, the log key among them is the one of the record, and nobody without the',
    'keys changed the key file. The record itself is not opened, so the app may be running.',
  ],
  values: [],
  options: [],
  async run(_, deps) {
    const read = readInstalledKeyring(deps.facts.dataFolder);
    if (!read.ok) return read;
    const { keyring, notice } = read.value;
    const given = await deps.readSecret('Recovery key');
    if (!given.ok) return given;
    // The text cannot be zeroed; it ends with this process.
    const identity = parseRecoveryIdentity(given.value.toString('utf8'));
    given.value.fill(0);
    if (!identity.ok) return identity;
    const opened = await unlockWithRecoveryKey({ keyring, identity: identity.value });
    if (!opened.ok) return opened;
    opened.value.dek.fill(0);
    opened.value.logSeed.fill(0);
    const { installationId, generation, epoch } = keyring;
    return ok({
      passed: true,
      lines: [
        ...(notice === null ? [] : [notice]),
        `This recovery key opens the keys of this installation (key file generation ${generation}). Nothing was written.`,
      ],
      json: { opens: true, installationId, generation, epoch, notice },
    });
  },
};
