import { randomBytes, randomUUID } from 'node:crypto';
import { appError } from '../../shared/app-error.ts';
import type { RequestOutput } from '../../shared/contract.ts';
import { installationIdSchema } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Keychain } from '../keys/device-secret.ts';
import { createInstallation } from '../keys/installation.ts';
import { forgetKeys, sealVaultKeys } from '../keys/sealed-keys.ts';
import type { Clock } from '../log/clock.ts';
import { publicKeyOf } from '../log/ed25519.ts';
import { logKeyFingerprint } from '../log/log-key.ts';
import { verifierKeyFor } from '../log/signed-note.ts';
import type { Provisioning } from '../policy/provisioning.ts';
import type { StartMessage } from '../vault-parts.ts';
import { storeInstallation } from './store-installation.ts';

/**
 * A computer that IT has prepared: the organisation, its people and its recovery keys stand in a signed file in the folder
 * that only administrators of the computer write to. Everybody begins with a one-time code; nothing is typed at set-up.
 */
const epoch = 0;

/** Makes the installation that the file describes: the database, its first leaves and the key file. */
export async function enrolComputer(
  found: Result<Provisioning | null>,
  deps: Deps,
): Promise<Result<RequestOutput<'setup.complete'>>> {
  if (!found.ok) return found;
  if (found.value === null) return err(notPrepared);
  const enrolled = await enrol(found.value, deps);
  if (enrolled.ok) deps.onCompleted();
  return enrolled;
}

type Deps = {
  readonly start: StartMessage;
  readonly clock: Clock;
  readonly keychain: Keychain;
  readonly deviceBinding: 'preferred' | 'required';
  readonly onCompleted: () => void;
};

async function enrol(
  provisioning: Provisioning,
  deps: Deps,
): Promise<Result<RequestOutput<'setup.complete'>>> {
  const { organisation, recoveryRecipients, users, sha256 } = provisioning;
  const installationId = installationIdSchema.parse(randomUUID());
  const keys = { dek: randomBytes(32), logSeed: randomBytes(32) };
  try {
    const recovery = [];
    for (const recipient of recoveryRecipients) {
      const sealed = await sealVaultKeys({ recipient, installationId, epoch, holder: recipient, keys });
      recovery.push({ recipient, sealed, provenAt: null });
    }
    const origin = `cloister.${organisation.domain}/${installationId}/${epoch}`;
    const verifierKey = verifierKeyFor(origin, keys.logSeed);
    const keyring = await createInstallation({
      installationId,
      epoch,
      organisationName: organisation.name,
      organisationKey: organisation.verifierKey,
      createdAt: new Date(deps.clock.nowMs()).toISOString(),
      keys,
      keychain: deps.keychain,
      users: [],
      enrolling: users.map(({ recipient, wrapped, ...account }) => ({
        ...account,
        enrolment: { recipient, wrapped },
      })),
      recovery,
      log: { origin, verifierKey },
      deviceBinding: deps.deviceBinding,
    });
    if (!keyring.ok) return keyring;
    const stored = await storeInstallation({
      dataFolder: deps.start.dataFolder,
      appVersion: deps.start.version,
      clock: deps.clock,
      keyring: keyring.value,
      keys,
      provisioning: { sha256, verifierKey: organisation.verifierKey },
    });
    if (!stored.ok) return stored;
    return ok({
      installationId,
      keyFingerprint: logKeyFingerprint(publicKeyOf(keys.logSeed)),
      logVerifierKey: verifierKey,
    });
  } finally {
    forgetKeys(keys);
  }
}

const notPrepared = appError(
  'not-set-up',
  'IT has not prepared this computer. Nothing was set up. Go through the set-up step by step.',
);
