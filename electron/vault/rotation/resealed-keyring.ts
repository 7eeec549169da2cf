import { isHolder, type Keyring } from '../keys/keyring-schema.ts';
import { sealVaultKeys, type VaultKeys } from '../keys/sealed-keys.ts';
import { keylessRecord, nextKeyring } from '../keys/user-record.ts';

/** Somebody whom the keys of the vault are sealed to. */
export type Holder = {
  /** A user's id, or the recipient itself of a recovery key: what stands inside the sealed file. */
  readonly holder: string;
  /** `age1...` */
  readonly recipient: string;
};

/** Everybody who can open this installation, people first. */
export function holdersOf(keyring: Keyring): readonly Holder[] {
  return [
    ...keyring.users.filter(isHolder).map(({ userId, recipient }) => ({ holder: userId, recipient })),
    ...keyring.recovery.map(({ recipient }) => ({ holder: recipient, recipient })),
  ];
}

/** @returns holder to sealed file */
export async function sealToAll(
  { installationId, epoch }: Keyring,
  holders: readonly Holder[],
  keys: VaultKeys,
): Promise<ReadonlyMap<string, string>> {
  const sealed = new Map<string, string>();
  for (const { holder, recipient } of holders)
    sealed.set(holder, await sealVaultKeys({ recipient, installationId, epoch, holder, keys }));
  return sealed;
}

/**
 * The next generation with the keys sealed again: passphrases, wrapped halves and recovery keys stay what they are. A user
 * whom nothing was sealed to is switched off, a recovery key is dropped.
 * @param sealed holder to sealed file; must name a recovery key at least
 * @param dek the new one, which the keyring is authenticated with
 * @param log the keys that sign, where they change
 */
export function resealedKeyring(
  keyring: Keyring,
  sealed: ReadonlyMap<string, string>,
  dek: Uint8Array,
  log: Keyring['log'] = keyring.log,
): Keyring {
  return nextKeyring(keyring, dek, {
    users: keyring.users.map((user) => {
      if (!isHolder(user)) return user;
      const again = sealed.get(user.userId);
      return again === undefined ? keylessRecord(user, 'disabled') : { ...user, sealed: again };
    }),
    recovery: keyring.recovery.flatMap((record) => {
      const again = sealed.get(record.recipient);
      return again === undefined ? [] : [{ ...record, sealed: again }];
    }),
    log,
  });
}
