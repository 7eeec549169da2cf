import type { AppState, ModelStatus, Notice } from '../shared/contract.ts';
import type { SignedInUser } from '../shared/session-contract.ts';
import type { Result } from '../shared/result.ts';
import { passphraseRules, type PassphraseRules } from './accounts/passphrase-rules.ts';
import { logKeyFingerprint } from './log/log-key.ts';
import { parseVerifierKey } from './log/signed-note.ts';
import type { EffectivePolicy } from './policy/load-policy.ts';
import type { Provisioning } from './policy/provisioning.ts';
import { policyForPage } from './policy/policy-view.ts';
import type { Installation } from './setup/installation-files.ts';
import type { StartMessage } from './vault-parts.ts';

/** What decides which screen there is. */
export function appState(facts: {
  readonly start: StartMessage;
  readonly installation: Result<Installation>;
  readonly policy: EffectivePolicy;
  readonly provisioning: Result<Provisioning | null>;
  readonly user: SignedInUser | null;
  readonly logSize: number | null;
  readonly suspicion: AppState['suspicion'];
  readonly model: ModelStatus;
  /** Said once, so the caller takes them out of its list. */
  readonly notices: Notice[];
}): AppState {
  const { start, installation, policy, user } = facts;
  const provisioning = facts.provisioning.ok ? facts.provisioning.value : null;
  const keyring = installation.ok ? installation.value.keyring : null;
  const isBound = keyring === null ? start.keychain.available : keyring.device.mode === 'device-bound';
  const signedOut = keyring === null ? 'first-run' : 'signed-out';
  return {
    phase: installation.ok ? (user === null ? signedOut : 'signed-in') : 'broken',
    problem: installation.ok ? null : installation.error,
    flavour: start.flavour,
    version: start.version,
    organisation: keyring?.organisationName ?? null,
    installationId: keyring?.installationId ?? null,
    provisioning: keyring === null && provisioning !== null ? provisioningFacts(provisioning) : null,
    users: (keyring?.users ?? []).flatMap(({ userId, displayName, role, state }) =>
      state === 'disabled' ? [] : [{ userId, displayName, role, state }],
    ),
    locked: start.locked,
    user,
    deviceBinding: isBound ? 'os-keychain' : 'passphrase-only',
    policy: policyForPage(
      policy,
      newPassphraseRules(start, installation, policy.settings).passphraseMinimumCharacters,
    ),
    logSize: facts.logSize,
    notices: facts.notices,
    suspicion: facts.suspicion,
    model: facts.model,
  };
}

/** Stricter where the passphrase alone guards the record, and where the keychain was lost: what is chosen then has no other half. */
export function newPassphraseRules(
  { keychain }: StartMessage,
  installation: Result<Installation>,
  settings: PassphraseRules,
): PassphraseRules {
  const keyring = installation.ok ? installation.value.keyring : null;
  return passphraseRules(settings, !keychain.available || keyring?.device.mode === 'passphrase-only');
}

function provisioningFacts({
  organisation,
  users,
  recoveryRecipients,
}: Provisioning): AppState['provisioning'] {
  return {
    organisation: organisation.name,
    people: users.length,
    recoveryKeys: recoveryRecipients.length,
  };
}

/** What the first screen of this run must say beside its purpose. */
export function firstNotices(
  start: StartMessage,
  installation: Result<Installation>,
  provisioning: Result<unknown>,
): Notice[] {
  const notices: Notice[] = [];
  if (start.startedBecause === 'vault-crashed') {
    notices.push({
      kind: 'attention',
      message:
        'Cloister stopped unexpectedly and has started again. Everything that was shown is recorded, and your text is kept. Sign in to go on.',
    });
  }
  const keyNotice = noticeOfKeys(start.startedBecause, installation);
  if (keyNotice !== null) notices.push(keyNotice);
  if (installation.ok && installation.value.notice !== null)
    notices.push({ kind: 'attention', message: installation.value.notice });
  if (!provisioning.ok) notices.push({ kind: 'attention', message: provisioning.error.message });
  return notices;
}

function noticeOfKeys(
  because: StartMessage['startedBecause'],
  installation: Result<Installation>,
): Notice | null {
  switch (because) {
    case 'keys-changed':
      return {
        kind: 'info',
        message: 'The key of the record was changed. Everything is kept. Sign in again to go on.',
      };
    case 'log-key-changed':
      return {
        kind: 'info',
        message: `The key that signs the record was changed. Everything is kept. Whoever checks audit bundles needs the fingerprint of the new key: ${fingerprint(installation)}. Sign in again to go on.`,
      };
    case 'keys-unchanged':
      return {
        kind: 'attention',
        message:
          'The key was not changed; most often the disk is full. Everything is kept. Sign in again, and try it once more when there is space.',
      };
    case 'decommissioned':
      return {
        kind: 'info',
        message:
          'This computer was retired: the keys of the record were destroyed and its files removed. The record is in the backup that you saved, and the certificate lies beside it. Set up Cloister anew only if this computer is to be used again.',
      };
    default:
      return null;
  }
}

function fingerprint(installation: Result<Installation>): string {
  const verifierKey = installation.ok ? installation.value.keyring?.log.verifierKey : undefined;
  const key = verifierKey === undefined ? null : parseVerifierKey(verifierKey);
  return key === null ? 'see the screen of the record' : logKeyFingerprint(key.publicKey);
}
