import { readKeyring } from '../../vault/keys/keyring-file.ts';
import type { CommandDeps } from '../command.ts';
import type { Finding } from './finding.ts';

/** That it can be read; whether somebody edited it shows only with the keys (`cloister drill`). */
export function keyringCheck({ facts }: CommandDeps): Finding {
  const finding = (state: Finding['state'], sentence: string): Finding => ({
    subject: 'key file',
    state,
    sentence,
  });
  const read = readKeyring(facts.dataFolder);
  if (!read.ok) return finding('attention', read.error.message);
  if (read.value === null)
    return finding('not-checked', 'There is none: Cloister is not set up for this account.');
  const { keyring, previous, notice } = read.value;
  if (notice !== null) return finding('attention', `Generation ${keyring.generation}. ${notice}`);
  const waiting = previous === null ? '' : '; the one before is kept until the next sign-in';
  return finding('ok', `Readable, generation ${keyring.generation}${waiting}.`);
}
