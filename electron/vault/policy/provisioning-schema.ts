import { z } from 'zod';
import { userIdSchema } from '../../shared/ids.ts';
import { roleSchema } from '../../shared/roles.ts';
import { recipientSchema, wrappedKeySchema } from '../keys/keyring-schema.ts';
import { organisationDomainSchema } from './policy-schema.ts';

/** The text of `provisioning.note`: who uses a computer and who can recover its record, before it has an installation. */

/**
 * A name that stands on screens and paper as it stands in the file: no outer spaces, nothing unseen that reorders it.
 * @param maximum characters, as the keyring's
 */
function nameSchema(maximum: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(maximum)
    .refine(
      (name) =>
        name === name.trim() &&
        name.isWellFormed() &&
        !/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u.test(name),
    );
}

/**
 * A key pair that the one-time code opens: the private half under AES-256-GCM of HKDF(Argon2id(code)), mode `enrolment`
 * of `../keys/enrolment-key.ts`. The file holds neither the code nor a usable key.
 */
const enrolmentSchema = wrappedKeySchema
  .pick({ kdf: true, nonce: true, ciphertext: true })
  .extend({ recipient: recipientSchema });

const userSchema = z.strictObject({
  userId: userIdSchema,
  displayName: nameSchema(120),
  role: roleSchema.exclude(['sole-practitioner']),
  enrolment: enrolmentSchema,
});

/** One recovery key that is lost, together with the passphrases, would be a lost record; nobody is asked at such a set-up. */
const minimumRecoveryRecipients = 2;

export const provisioningSchema = z.strictObject({
  v: z.literal(1),
  organisation: z.strictObject({
    name: nameSchema(200),
    domain: organisationDomainSchema,
    /** Of the key that signs this file and the policy. */
    verifierKey: z.string().max(500),
  }),
  /** Public halves of the recovery keys. */
  recoveryRecipients: z.array(recipientSchema).min(minimumRecoveryRecipients).max(20),
  users: z.array(userSchema).min(1).max(1000),
});
export type ProvisioningDocument = z.infer<typeof provisioningSchema>;
export type ProvisionedRole = z.infer<typeof userSchema>['role'];
