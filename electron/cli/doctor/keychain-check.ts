import { readKeyring } from '../../vault/keys/keyring-file.ts';
import type { CommandDeps } from '../command.ts';
import { policyOfThisComputer } from '../policy-state.ts';
import type { Finding } from './finding.ts';

/** The key store of this system against what the installation was set up with. The stored secret is not asked for. */
export async function keychainCheck(deps: CommandDeps): Promise<Finding> {
  const finding = (state: Finding['state'], sentence: string): Finding => ({
    subject: 'keychain',
    state,
    sentence,
  });
  const keychain = await deps.facts.keychain();
  if (keychain === null)
    return finding(
      'attention',
      'It could not be asked. Start the command in the desktop session of the account that uses Cloister.',
    );
  const read = readKeyring(deps.facts.dataFolder);
  const device = read.ok ? (read.value?.keyring.device ?? null) : null;
  const found = keychain.available
    ? `Usable (${keychain.backend}).`
    : `None that is usable (${keychain.backend}).`;
  if (device?.mode === 'device-bound' && !keychain.available)
    return finding(
      'attention',
      `${found} This installation needs the one of its set-up (${device.backend}). Unlock it, or start the command in the desktop session.`,
    );
  const isRequired = policyOfThisComputer(deps).policy.settings.deviceBinding === 'required';
  if (isRequired && (device === null ? !keychain.available : device.mode === 'passphrase-only'))
    return finding(
      'attention',
      `${found} The policy requires that the record opens on this computer only, and the passphrase alone guards it. Set up a keychain, or change the policy.`,
    );
  if (device === null) return finding('ok', found);
  return finding(
    'ok',
    device.mode === 'device-bound'
      ? `${found} The record opens on this computer only.`
      : `${found} The passphrase alone guards the record, which the policy allows.`,
  );
}
