import type { webcrypto } from 'node:crypto';
import { z } from 'zod';
import { installationIdSchema, type InstallationId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { canonicalBytes } from '../log/canonical-json.ts';
import { loadAge } from './age.ts';
import { keyringDamaged, recoveryKeyDoesNotOpen } from './key-errors.ts';
import { recipientOf, type RecoveryIdentity } from './recovery-key.ts';

/**
 * The keys of the vault as one age file per holder (C2SP `age`, X25519 recipient): a person with the `age` command and a
 * recovery key needs no Cloister to get them back. age does not say who sealed a file; what is inside is believed only
 * when the record opens with it and the keyring's authentication code agrees (`installation.ts`).
 */
export type VaultKeys = {
  /** SQLCipher raw key, 32 bytes. */
  readonly dek: Uint8Array;
  /** Ed25519 seed of the log key, 32 bytes. */
  readonly logSeed: Uint8Array;
  /** The seed that is to follow, while a change of the log key is under way. */
  readonly nextLogSeed?: Uint8Array;
};

/** Overwrites every key. */
export function forgetKeys(keys: VaultKeys): void {
  keys.dek.fill(0);
  keys.logSeed.fill(0);
  keys.nextLogSeed?.fill(0);
}

/** Binds a blob to its place, so that blobs of two holders, installations or epochs cannot be exchanged. */
export type SealedFor = {
  readonly installationId: InstallationId;
  readonly epoch: number;
  /** A user's id, or the recipient itself of a recovery key. */
  readonly holder: string;
};

const keyHexSchema = z.string().regex(/^[0-9a-f]{64}$/);
const insideSchema = z.strictObject({
  v: z.literal(1),
  installation: installationIdSchema,
  epoch: z.int().nonnegative(),
  holder: z.string(),
  dek: keyHexSchema,
  logSeed: keyHexSchema,
  nextLogSeed: keyHexSchema.optional(),
});

/**
 * @returns base64 of a binary age file
 * @throws for a recipient that `checkRecipient` refuses
 */
export async function sealVaultKeys(
  input: SealedFor & { readonly recipient: string; readonly keys: VaultKeys },
): Promise<string> {
  const { dek, logSeed, nextLogSeed } = input.keys;
  if ([dek, logSeed, nextLogSeed ?? logSeed].some(({ byteLength }) => byteLength !== 32))
    throw new RangeError('vault keys have 32 bytes each');
  const inside = canonicalBytes({
    v: 1,
    installation: input.installationId,
    epoch: input.epoch,
    holder: input.holder,
    dek: Buffer.from(dek).toString('hex'),
    logSeed: Buffer.from(logSeed).toString('hex'),
    ...(nextLogSeed === undefined ? {} : { nextLogSeed: Buffer.from(nextLogSeed).toString('hex') }),
  });
  try {
    const { Encrypter } = await loadAge();
    const encrypter = new Encrypter();
    encrypter.addRecipient(input.recipient);
    return Buffer.from(await encrypter.encrypt(inside)).toString('base64');
  } finally {
    inside.fill(0);
  }
}

/**
 * @returns the keys, which the caller zeroes; `recovery-wrong-key` for a recovery key other than the holder's, else
 *   `keyring-damaged` for a blob that does not open or was made for another holder, installation or epoch
 */
export async function openSealedVaultKeys(
  input: SealedFor & { readonly identity: webcrypto.CryptoKey | RecoveryIdentity; readonly sealed: string },
): Promise<Result<VaultKeys>> {
  const { identity } = input;
  const opened = await decrypt(identity, Buffer.from(input.sealed, 'base64'));
  if (opened === null) {
    const foreign = typeof identity === 'string' && (await recipientOf(identity)) !== input.holder;
    return err(foreign ? recoveryKeyDoesNotOpen : keyringDamaged);
  }
  try {
    const inside = insideSchema.safeParse(parseJson(opened));
    if (!inside.success) return err(keyringDamaged);
    const { installation, epoch, holder, dek, logSeed, nextLogSeed } = inside.data;
    if (installation !== input.installationId || epoch !== input.epoch || holder !== input.holder)
      return err(keyringDamaged);
    return ok({
      dek: Buffer.from(dek, 'hex'),
      logSeed: Buffer.from(logSeed, 'hex'),
      ...(nextLogSeed === undefined ? {} : { nextLogSeed: Buffer.from(nextLogSeed, 'hex') }),
    });
  } finally {
    opened.fill(0);
  }
}

async function decrypt(
  identity: webcrypto.CryptoKey | RecoveryIdentity,
  file: Uint8Array,
): Promise<Uint8Array | null> {
  try {
    const { Decrypter } = await loadAge();
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return await decrypter.decrypt(file);
  } catch {
    // The library throws one kind of error for a foreign key, a damaged header and a damaged body alike.
    return null;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
