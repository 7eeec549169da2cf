import { randomBytes, randomUUID } from 'node:crypto';
import { homedir, tmpdir } from 'node:os';
import { appError } from '../../shared/app-error.ts';
import type { ParsedInput, RequestOutput } from '../../shared/contract.ts';
import { installationIdSchema, userIdSchema } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { LatePassphraseMeter } from '../accounts/late-passphrase-meter.ts';
import type { FileGrants } from '../file-grants.ts';
import type { Keychain } from '../keys/device-secret.ts';
import { createInstallation } from '../keys/installation.ts';
import {
  checkRecipient,
  createRecoveryIdentity,
  parseRecoveryIdentity,
  recipientOf,
} from '../keys/recovery-key.ts';
import { forgetKeys, openSealedVaultKeys, sealVaultKeys } from '../keys/sealed-keys.ts';
import type { Clock } from '../log/clock.ts';
import { verifierKeyFor } from '../log/signed-note.ts';
import { publicKeyOf } from '../log/ed25519.ts';
import { logKeyFingerprint } from '../log/log-key.ts';
import type { StartMessage } from '../vault-parts.ts';
import { writeToRemovableMedium } from './removable-medium.ts';
import { storeInstallation } from './store-installation.ts';

/**
 * The unfinished set-up: the keys of the coming installation and who can recover them, in memory only. Each recovery
 * recipient is proven by opening the very keys that it will have to open one day.
 */
export type FirstRun = {
  createRecoveryKey(): Promise<Result<RequestOutput<'setup.createRecoveryKey'>>>;
  addRecipient(recipient: string): Promise<Result<Record<string, never>>>;
  removeRecipient(recipient: string): Result<Record<string, never>>;
  saveRecoveryKey(input: ParsedInput<'setup.saveRecoveryKey'>): Result<{ fileName: string }>;
  proveRecoveryKey(identity: string): Promise<Result<{ recipient: string }>>;
  complete(input: ParsedInput<'setup.complete'>): Promise<Result<RequestOutput<'setup.complete'>>>;
};

type Deps = {
  readonly start: StartMessage;
  readonly clock: Clock;
  readonly keychain: Keychain;
  readonly grants: FileGrants;
  readonly measure: LatePassphraseMeter;
  readonly deviceBinding: () => 'preferred' | 'required';
  readonly onCompleted: () => void;
};

const epoch = 0;

export function createFirstRun(deps: Deps): FirstRun {
  const installationId = installationIdSchema.parse(randomUUID());
  const keys = { dek: randomBytes(32), logSeed: randomBytes(32) };
  let isBegun = false;
  const recipients = new Map<string, { readonly sealed: string; provenAt: string | null }>();

  async function addRecipient(typed: string): Promise<Result<Record<string, never>>> {
    const checked = await checkRecipient(typed);
    if (!checked.ok) return checked;
    const recipient = checked.value;
    const sealed = await sealVaultKeys({ recipient, installationId, epoch, holder: recipient, keys });
    recipients.set(recipient, { sealed, provenAt: null });
    return ok({});
  }

  async function proveRecoveryKey(text: string): Promise<Result<{ recipient: string }>> {
    const identity = parseRecoveryIdentity(text);
    if (!identity.ok) return identity;
    const recipient = await recipientOf(identity.value);
    const entry = recipients.get(recipient);
    if (entry === undefined) {
      return err(
        appError(
          'recovery-wrong-key',
          'This is a recovery key, but not one of those listed here. Nothing was changed. Check which sheet or drive you took.',
        ),
      );
    }
    const opened = await openSealedVaultKeys({
      identity: identity.value,
      installationId,
      epoch,
      holder: recipient,
      sealed: entry.sealed,
    });
    if (!opened.ok) return opened;
    const same =
      Buffer.from(opened.value.dek).equals(keys.dek) &&
      Buffer.from(opened.value.logSeed).equals(keys.logSeed);
    forgetKeys(opened.value);
    if (!same) throw new Error('a recovery recipient opened other keys');
    entry.provenAt = new Date(deps.clock.nowMs()).toISOString();
    return ok({ recipient });
  }

  async function complete(
    input: ParsedInput<'setup.complete'>,
  ): Promise<Result<RequestOutput<'setup.complete'>>> {
    const refused = await refuse(input, deps.measure, [...recipients.values()]);
    if (refused !== null) return refused;
    // Asked twice, by a double click say: the second would write over what the first is writing.
    if (isBegun) return err(setupUnderWay);
    isBegun = true;
    const completed = await store(input);
    isBegun = completed.ok;
    return completed;
  }

  async function store(
    input: ParsedInput<'setup.complete'>,
  ): Promise<Result<RequestOutput<'setup.complete'>>> {
    const origin = `cloister.${input.organisationDomain}/${installationId}/${epoch}`;
    const administrator = {
      ...input.administrator,
      userId: userIdSchema.parse(randomUUID()),
      role: 'it-admin' as const,
    };
    const clinician = {
      ...input.clinician,
      userId: userIdSchema.parse(randomUUID()),
      role: 'clinician' as const,
    };
    const verifierKey = verifierKeyFor(origin, keys.logSeed);
    const keyring = await createInstallation({
      installationId,
      epoch,
      organisationName: input.organisationName,
      createdAt: new Date(deps.clock.nowMs()).toISOString(),
      keys,
      keychain: deps.keychain,
      users: [administrator, clinician],
      recovery: [...recipients].map(([recipient, { sealed, provenAt }]) => ({
        recipient,
        sealed,
        provenAt: provenAt ?? '',
      })),
      log: { origin, verifierKey },
      deviceBinding: deps.deviceBinding(),
    });
    if (!keyring.ok) return keyring;
    const stored = await storeInstallation({
      dataFolder: deps.start.dataFolder,
      appVersion: deps.start.version,
      clock: deps.clock,
      keyring: keyring.value,
      keys,
      provisioning: null,
    });
    if (!stored.ok) return stored;
    const keyFingerprint = logKeyFingerprint(publicKeyOf(keys.logSeed));
    forgetKeys(keys);
    deps.onCompleted();
    return ok({ installationId, keyFingerprint, logVerifierKey: verifierKey });
  }

  return {
    async createRecoveryKey() {
      const { identity, recipient } = await createRecoveryIdentity();
      await addRecipient(recipient);
      return ok({ identity, recipient });
    },
    addRecipient,
    removeRecipient(recipient) {
      recipients.delete(recipient);
      return ok({});
    },
    saveRecoveryKey({ identity, fileGrant }) {
      const path = deps.grants.take(fileGrant, 'recovery-key');
      const parsed = parseRecoveryIdentity(identity);
      if (path === null || !parsed.ok) {
        return err(
          appError(
            'invalid-input',
            'The place for the recovery key was not chosen in this session. Nothing was saved. Choose it again.',
          ),
        );
      }
      const text = `# Cloister recovery key (age identity). Keep it away from the computer that it opens.\n${parsed.value}\n`;
      return writeToRemovableMedium(path, text, [deps.start.dataFolder, homedir(), tmpdir(), '/']);
    },
    proveRecoveryKey,
    complete,
  };
}

const setupUnderWay = appError(
  'already-set-up',
  'Cloister is being set up, or was just set up. Nothing else was begun. Wait a moment, then sign in.',
);

async function refuse(
  input: ParsedInput<'setup.complete'>,
  measure: Deps['measure'],
  recovery: readonly { provenAt: string | null }[],
): Promise<Result<never> | null> {
  for (const { displayName, passphrase } of [input.administrator, input.clinician]) {
    const strength = await measure(passphrase, [displayName, input.organisationName]);
    if (!strength.acceptable)
      return err(appError('passphrase-too-weak', `${strength.advice} Nothing was set up yet.`));
  }
  if (recovery.length === 0 || recovery.some((entry) => entry.provenAt === null)) {
    return err(
      appError(
        'recovery-not-proven',
        'Each recovery key must be typed back or opened once before it counts. Nothing was set up yet.',
      ),
    );
  }
  if (recovery.length === 1 && !input.acceptSingleRecipient) {
    return err(
      appError(
        'recovery-not-proven',
        'There is only one recovery key: if it is lost together with the passphrases, so is the record. Add a second, or confirm that one is enough.',
      ),
    );
  }
  return null;
}
