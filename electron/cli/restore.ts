import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { ok } from '../shared/result.ts';
import { restoreBackup, type Restored } from '../vault/backup/restore-backup.ts';
import { systemClock } from '../vault/log/clock.ts';
import { askRecoveryKey } from './asked-recovery-key.ts';
import type { Command } from './command.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'Puts a backup in place on a computer where Cloister is not set up yet.',
  explanation: [
    'FOLDER is what "Back up the record" made. A recovery key of the installation is asked for and not shown, or read from a',
    'pipe. Every byte, leaf and text is checked first; what does not hold is refused and nothing is changed.',
    'The restored record is a new one with keys and a name of its own. Its first entry says which one it continues, and the',
    'entries of that one stay in it, closed: they are in every audit bundle.',
  ],
  values: ['FOLDER'],
  options: [],
  async run({ values }, deps) {
    const [folder = ''] = values;
    const identity = await askRecoveryKey(deps);
    if (!identity.ok) return identity;
    const restored = await restoreBackup({
      folder: resolve(deps.workingFolder, folder),
      identity: identity.value,
      dataFolder: deps.facts.dataFolder,
      temporaryFolder: tmpdir(),
      appVersion: deps.facts.version,
      clock: systemClock(),
      onProgress: () => undefined,
    });
    if (!restored.ok) return restored;
    return ok({ passed: true, lines: linesOf(restored.value), json: { v: 1, ...restored.value } });
  },
};

function linesOf(restored: Restored): readonly string[] {
  const { organisationName, madeAt, entries, oldOrigin, origin, keyFingerprint, isDeviceBound } = restored;
  return [
    `Restored: the record of ${organisationName} as it was on ${madeAt}, ${entries} entries, all of them checked.`,
    `It was       ${oldOrigin}`,
    `It goes on   ${origin}`,
    `Fingerprint  ${keyFingerprint}`,
    'Write the new fingerprint down and give it to whoever checks audit bundles, by phone or on paper.',
    'What was recorded after the backup is not in it. If the old computer still runs, do not use Cloister there any more.',
    isDeviceBound
      ? 'Half of each key lay in the keychain of the old computer: IT signs in with a recovery key, chooses a passphrase, and gives everybody else a one-time code.'
      : 'Everybody signs in with the passphrase of before.',
  ];
}
