import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { installationIdSchema, userIdSchema } from '../../shared/ids.ts';
import type { Result } from '../../shared/result.ts';
import { verifierKeyFor } from '../log/signed-note.ts';
import type { KdfParameters } from './argon2.ts';
import type { Keychain } from './device-secret.ts';
import { createInstallation, type NewUser } from './installation.ts';
import type { Keyring } from './keyring-schema.ts';
import { createRecoveryIdentity, type RecoveryIdentity } from './recovery-key.ts';
import { sealVaultKeys, type VaultKeys } from './sealed-keys.ts';

/** A whole installation for tests, with real cryptography; only Argon2id is weaker so that many cases stay fast. */
export const weakKdf: KdfParameters = { memoryKiB: 64, iterations: 1, parallelism: 1 };

export const passphrases = {
  administrator: 'anvil basket cotton drum',
  clinician: 'ember fable gravel hinge',
} as const;

export type KeysFixture = {
  readonly keyring: Keyring;
  readonly keys: VaultKeys;
  readonly keychain: Keychain;
  readonly administrator: NewUser;
  readonly clinician: NewUser;
  readonly recoveryIdentity: RecoveryIdentity;
};

/** Fails loudly where a test expects success. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`expected success, got ${result.error.code}: ${result.error.message}`);
  return result.value;
}

export function codeOf(result: Result<unknown>): string {
  return result.ok ? 'ok' : result.error.code;
}

/** Like Chromium's OSCrypt on Linux: AES-128-CBC with a fixed initialisation vector and no authentication. */
export function createTestKeychain(backend = 'gnome_libsecret', available = true): Keychain {
  const key = randomBytes(16);
  const iv = Buffer.alloc(16, ' ');
  return {
    available,
    backend,
    wrap: async (plain) => {
      const cipher = createCipheriv('aes-128-cbc', key, iv);
      return Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
    },
    unwrap: async (wrapped) => {
      try {
        const decipher = createDecipheriv('aes-128-cbc', key, iv);
        return Buffer.concat([decipher.update(Buffer.from(wrapped, 'base64')), decipher.final()]).toString(
          'utf8',
        );
      } catch {
        return null;
      }
    },
  };
}

export async function createKeysFixture(
  options: { readonly keychain?: Keychain; readonly kdf?: KdfParameters } = {},
): Promise<KeysFixture> {
  const installationId = installationIdSchema.parse(randomUUID());
  const epoch = 0;
  const keys = { dek: randomBytes(32), logSeed: randomBytes(32) };
  const keychain = options.keychain ?? createTestKeychain();
  const administrator = newUser('Ada Admin', 'it-admin', passphrases.administrator);
  const clinician = newUser('Cleo Clinician', 'clinician', passphrases.clinician);
  const { identity, recipient } = await createRecoveryIdentity();
  const sealed = await sealVaultKeys({ recipient, installationId, epoch, holder: recipient, keys });
  const origin = `cloister.clinic.example/${installationId}/${epoch}`;
  const keyring = await createInstallation({
    installationId,
    epoch,
    organisationName: 'Example Clinic',
    createdAt: '2026-11-23T09:00:00.000Z',
    keys,
    keychain,
    users: [administrator, clinician],
    recovery: [{ recipient, sealed, provenAt: '2026-11-23T08:59:00.000Z' }],
    log: { origin, verifierKey: verifierKeyFor(origin, keys.logSeed) },
    kdf: options.kdf ?? weakKdf,
  });
  return { keyring: valueOf(keyring), keys, keychain, administrator, clinician, recoveryIdentity: identity };
}

function newUser(displayName: string, role: NewUser['role'], passphrase: string): NewUser {
  return { userId: userIdSchema.parse(randomUUID()), displayName, role, passphrase };
}

/** The same base64 bytes with one bit of the byte at `index` (negative: from the end) flipped. */
export function flipBit(base64: string, index: number): string {
  const bytes = Buffer.from(base64, 'base64');
  const position = index < 0 ? bytes.byteLength + index : index;
  bytes.writeUInt8(bytes.readUInt8(position) ^ 1, position);
  return bytes.toString('base64');
}
