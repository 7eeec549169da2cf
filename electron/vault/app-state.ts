import type { AppState, ModelStatus, Notice } from '../shared/contract.ts';
import type { SignedInUser } from '../shared/session-contract.ts';
import type { Result } from '../shared/result.ts';
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
  readonly provisioning: Provisioning | null;
  readonly user: SignedInUser | null;
  readonly logSize: number | null;
  readonly model: ModelStatus;
  /** Said once, so the caller takes them out of its list. */
  readonly notices: Notice[];
}): AppState {
  const { start, installation, user, provisioning } = facts;
  const keyring = installation.ok ? installation.value.keyring : null;
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
    lockedUserId: start.lockedUserId,
    user,
    deviceBinding: keyring?.device.mode === 'device-bound' ? 'os-keychain' : 'passphrase-only',
    policy: policyForPage(facts.policy),
    logSize: facts.logSize,
    notices: facts.notices,
    model: facts.model,
  };
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
export function firstNotices(start: StartMessage, installation: Result<Installation>): Notice[] {
  const notices: Notice[] = [];
  if (start.startedBecause === 'vault-crashed') {
    notices.push({
      kind: 'attention',
      message:
        'Cloister stopped unexpectedly and has started again. Everything that was shown is recorded, and your text is kept. Sign in to go on.',
    });
  }
  if (start.startedBecause === 'keys-changed') {
    notices.push({
      kind: 'info',
      message: 'The key of the record was changed. Everything is kept. Sign in again to go on.',
    });
  }
  if (installation.ok && installation.value.notice !== null)
    notices.push({ kind: 'attention', message: installation.value.notice });
  return notices;
}
