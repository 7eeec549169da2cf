import { z } from 'zod';
import { installationIdSchema, userIdSchema } from '../../shared/ids.ts';
import { roleSchema } from '../../shared/roles.ts';

/**
 * The keyring file, version 1: everything that is needed to unlock except what people know or keep, and the names that
 * the sign-in screen shows. Display names, roles and the organisation's name stand here in the clear; patients never do.
 */

function base64Bytes(minimum: number, maximum: number): z.ZodType<string, string> {
  return z.base64().refine((text) => {
    const bytes = Buffer.from(text, 'base64');
    return bytes.byteLength >= minimum && bytes.byteLength <= maximum && bytes.toString('base64') === text;
  });
}

export const recipientSchema = z.string().regex(/^age1[02-9ac-hj-np-z]{58}$/);

/** Whether the key of a user also needs the secret that this computer's keychain keeps. */
export const bindingModeSchema = z.enum(['device-bound', 'passphrase-only']);

/** `enrolment`: under a one-time code that IT hands over, without the device secret. */
const wrapModeSchema = z.enum([...bindingModeSchema.options, 'enrolment']);

/** Upper bounds only, so that a planted file cannot eat the memory; the floor is checked where a key is derived. */
const kdfSchema = z.strictObject({
  algorithm: z.literal('argon2id'),
  memoryKiB: z.int().min(8).max(1_048_576),
  iterations: z.int().min(1).max(16),
  parallelism: z.int().min(1).max(16),
  salt: base64Bytes(16, 16),
});

/** AES-256-GCM of a user's 32-byte X25519 private key. `ciphertext` ends with the 16-byte tag. */
export const wrappedKeySchema = z.strictObject({
  v: z.literal(1),
  mode: wrapModeSchema,
  kdf: kdfSchema,
  nonce: base64Bytes(12, 12),
  ciphertext: base64Bytes(48, 48),
});
export type WrappedKey = z.infer<typeof wrappedKeySchema>;

/** An age file to one recipient, about 500 bytes. */
const sealedSchema = base64Bytes(200, 2000);

const account = {
  /** Never used again, not even after the account is gone. */
  userId: userIdSchema,
  displayName: z.string().trim().min(1).max(120),
  role: roleSchema,
};
const keys = { recipient: recipientSchema, wrapped: wrappedKeySchema, sealed: sealedSchema };

const userRecordSchema = z.discriminatedUnion('state', [
  z.strictObject({ ...account, state: z.literal('active'), ...keys }),
  /** A one-time code opens the account once; then the person chooses a passphrase. */
  z.strictObject({ ...account, state: z.literal('enrolling'), ...keys }),
  /** Holds no keys: the person needs a new one-time code (the computer's keychain was lost). */
  z.strictObject({ ...account, state: z.literal('reset') }),
  /** Holds no keys. Stays in the file: the log names it, and its id is never given to another. */
  z.strictObject({ ...account, state: z.literal('disabled') }),
]);
export type UserRecord = z.infer<typeof userRecordSchema>;
/** An account that can be opened by somebody. */
export type HolderRecord = Extract<UserRecord, { state: 'active' | 'enrolling' }>;

export function isHolder(user: UserRecord): user is HolderRecord {
  return user.state === 'active' || user.state === 'enrolling';
}

const recoveryRecordSchema = z.strictObject({
  recipient: recipientSchema,
  sealed: sealedSchema,
  /** When somebody opened the keys with it on this computer; null for one of a provisioning file until the first drill. */
  provenAt: z.iso.datetime().nullable(),
});
export type RecoveryRecord = z.infer<typeof recoveryRecordSchema>;

const deviceSchema = z.discriminatedUnion('mode', [
  /** `backend` is for people who look for a lost keychain; what the keychain returns is checked by itself. */
  z.strictObject({
    mode: z.literal('device-bound'),
    backend: z.string().max(64),
    wrapped: z.base64().min(1).max(8192),
  }),
  z.strictObject({ mode: z.literal('passphrase-only'), backend: z.string().max(64), wrapped: z.null() }),
]);
export type DeviceRecord = z.infer<typeof deviceSchema>;

const contentSchema = z.strictObject({
  v: z.literal(1),
  /** Counts every rewriting of the file, from 1. */
  generation: z.int().min(1),
  installationId: installationIdSchema,
  epoch: z.int().nonnegative(),
  organisationName: z.string().trim().min(1).max(200),
  /** The key that signs the organisation's policy, as a C2SP verifier key; null until IT has enrolled this computer. */
  organisationKey: z.string().max(500).nullable(),
  createdAt: z.iso.datetime(),
  device: deviceSchema,
  users: z.array(userRecordSchema).min(1).max(1000),
  recovery: z.array(recoveryRecordSchema).min(1).max(20),
  log: z.strictObject({
    origin: z.string().max(300),
    verifierKey: z.string().max(500),
    /** Only while the log key is being changed: the one that is to follow (log/FORMAT.md, "Change of the key"). */
    nextVerifierKey: z.string().max(500).optional(),
  }),
});
export type KeyringContent = z.infer<typeof contentSchema>;

export const keyringSchema = contentSchema
  /** HMAC-SHA-256 under a subkey of the DEK over the canonical JSON of all the rest: see `keyring-authentication.ts`. */
  .extend({ mac: base64Bytes(32, 32) })
  .refine(
    // A restore begins a record with a uuid of its own: log/FORMAT.md, "Restored on another computer".
    ({ log, installationId, epoch }) =>
      epoch === 0
        ? log.origin.endsWith(`/${installationId}/0`)
        : new RegExp(`/[0-9a-f-]{36}/${epoch}$`).test(log.origin),
    'origin of another installation',
  )
  .refine(
    (keyring) =>
      keyring.users
        .filter(isHolder)
        .every(({ state, wrapped }) =>
          state === 'active' ? wrapped.mode === keyring.device.mode : wrapped.mode === 'enrolment',
        ),
    'mixed binding modes',
  )
  .refine(
    (keyring) => new Set(keyring.users.map((user) => user.userId)).size === keyring.users.length,
    'a user twice',
  )
  .refine((keyring) => new Set(holders(keyring)).size === holders(keyring).length, 'a recipient twice');
export type Keyring = z.infer<typeof keyringSchema>;

function holders(keyring: KeyringContent): string[] {
  return [...keyring.users.filter(isHolder), ...keyring.recovery].map(({ recipient }) => recipient);
}
