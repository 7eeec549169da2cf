import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { appError } from '../../shared/app-error.ts';
import type { ParsedInput, RequestOutput } from '../../shared/contract.ts';
import { installationIdSchema, userIdSchema } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { FileGrants } from '../file-grants.ts';
import type { Keychain } from '../keys/device-secret.ts';
import { createInstallation } from '../keys/installation.ts';
import { writeKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import {
  checkRecipient,
  createRecoveryIdentity,
  parseRecoveryIdentity,
  recipientOf,
} from '../keys/recovery-key.ts';
import { openSealedVaultKeys, sealVaultKeys } from '../keys/sealed-keys.ts';
import type { Clock } from '../log/clock.ts';
import { verifierKeyFor } from '../log/signed-note.ts';
import { publicKeyOf } from '../log/ed25519.ts';
import { logKeyFingerprint } from '../log/log-key.ts';
import type { StartMessage } from '../vault.ts';
import { databaseFile, unfinishedDatabaseFile } from './installation-files.ts';
import { writeFirstLeaves } from './first-leaves.ts';
import { writeToRemovableMedium } from './removable-medium.ts';

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
  readonly onCompleted: () => void;
};

/** Characters. NIST SP 800-63B asks for 8 at least; one passphrase alone guards a stolen disk here. */
const minimumPassphraseCharacters = 12;
const epoch = 0;

export function createFirstRun(deps: Deps): FirstRun {
  const installationId = installationIdSchema.parse(randomUUID());
  const keys = { dek: randomBytes(32), logSeed: randomBytes(32) };
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
    opened.value.dek.fill(0);
    opened.value.logSeed.fill(0);
    if (!same) throw new Error('a recovery recipient opened other keys');
    entry.provenAt = new Date(deps.clock.nowMs()).toISOString();
    return ok({ recipient });
  }

  async function complete(
    input: ParsedInput<'setup.complete'>,
  ): Promise<Result<RequestOutput<'setup.complete'>>> {
    const refused = refuse(input, [...recipients.values()]);
    if (refused !== null) return refused;
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
    });
    if (!keyring.ok) return keyring;
    const stored = store(deps, keyring.value, input, origin, keys, [administrator, clinician]);
    if (!stored.ok) return stored;
    const keyFingerprint = logKeyFingerprint(publicKeyOf(keys.logSeed));
    keys.dek.fill(0);
    keys.logSeed.fill(0);
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

function refuse(
  input: ParsedInput<'setup.complete'>,
  recovery: readonly { provenAt: string | null }[],
): Result<never> | null {
  for (const person of [input.administrator, input.clinician]) {
    if ([...person.passphrase].length < minimumPassphraseCharacters) {
      return err(
        appError(
          'passphrase-too-weak',
          `A passphrase needs at least ${minimumPassphraseCharacters} characters. Nothing was set up yet. Four or five random words are easy to remember.`,
        ),
      );
    }
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

/** Database under its unfinished name, then the keyring, then the database's final name: a crash between leaves a way on. */
function store(
  deps: Deps,
  keyring: Keyring,
  input: ParsedInput<'setup.complete'>,
  origin: string,
  keys: { readonly dek: Uint8Array; readonly logSeed: Uint8Array },
  users: Parameters<typeof writeFirstLeaves>[0]['users'],
): Result<void> {
  const folder = deps.start.dataFolder;
  const unfinished = join(folder, unfinishedDatabaseFile);
  const written = writeFirstLeaves({
    path: unfinished,
    origin,
    keys,
    clock: deps.clock,
    appVersion: deps.start.version,
    organisationName: input.organisationName,
    recipients: keyring.recovery.map(({ recipient }) => createHash('sha256').update(recipient).digest('hex')),
    users,
  });
  if (!written.ok) return written;
  const saved = writeKeyring(folder, keyring);
  if (!saved.ok) return saved;
  renameSync(unfinished, join(folder, databaseFile));
  return ok(undefined);
}
