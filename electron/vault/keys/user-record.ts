import type { InstallationId, UserId } from '../../shared/ids.ts';
import type { Role } from '../../shared/roles.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { KdfParameters } from './argon2.ts';
import type { HolderRecord, Keyring, UserRecord, WrappedKey } from './keyring-schema.ts';
import { authenticateKeyring } from './keyring-authentication.ts';
import { keyringSchema } from './keyring-schema.ts';
import { sealVaultKeys, type VaultKeys } from './sealed-keys.ts';
import { createUserKey } from './user-key.ts';

/** Makes and changes the accounts of a keyring. Everything here needs the vault's keys: nothing happens while locked. */

export type Account = { readonly userId: UserId; readonly displayName: string; readonly role: Role };

type Vault = {
  readonly installationId: InstallationId;
  readonly epoch: number;
  readonly keys: VaultKeys;
};

/**
 * An account with a new key pair under this passphrase; what opened it before opens nothing any more.
 * @param kdf only tests pass weaker parameters
 * @returns what `createUserKey` refuses
 */
export async function activeRecord(
  { installationId, epoch, keys }: Vault,
  account: Account,
  secrets: {
    readonly passphrase: string;
    readonly deviceSecret: Uint8Array | null;
    readonly kdf?: KdfParameters;
  },
): Promise<Result<HolderRecord>> {
  const made = await createUserKey({ installationId, userId: account.userId, ...secrets });
  if (!made.ok) return made;
  const { recipient, wrapped } = made.value;
  const sealed = await sealVaultKeys({ recipient, installationId, epoch, holder: account.userId, keys });
  return ok({ ...accountOf(account), state: 'active', recipient, wrapped, sealed });
}

/** An account that a one-time code opens; see `enrolment-key.ts`. */
export async function enrollingRecord(
  { installationId, epoch, keys }: Vault,
  account: Account,
  { recipient, wrapped }: { readonly recipient: string; readonly wrapped: WrappedKey },
): Promise<HolderRecord> {
  const sealed = await sealVaultKeys({ recipient, installationId, epoch, holder: account.userId, keys });
  return { ...accountOf(account), state: 'enrolling', recipient, wrapped, sealed };
}

/** The account without any key: nobody opens the record with it. */
export function keylessRecord(account: Account, state: 'reset' | 'disabled'): UserRecord {
  return { ...accountOf(account), state };
}

/** The next generation of the keyring with these changes, authenticated. Writes nothing. */
export function nextKeyring(
  keyring: Keyring,
  dek: Uint8Array,
  changes: Partial<Pick<Keyring, 'users' | 'recovery' | 'device' | 'organisationKey' | 'log'>>,
): Keyring {
  const { mac: _mac, ...content } = keyring;
  return keyringSchema.parse(
    authenticateKeyring({ ...content, ...changes, generation: keyring.generation + 1 }, dek),
  );
}

/** The users with this one in the place of the account of the same id, or at the end. */
export function withUser(users: readonly UserRecord[], changed: UserRecord): UserRecord[] {
  return users.some(({ userId }) => userId === changed.userId)
    ? users.map((user) => (user.userId === changed.userId ? changed : user))
    : [...users, changed];
}

function accountOf({ userId, displayName, role }: Account): Account {
  return { userId, displayName, role };
}
