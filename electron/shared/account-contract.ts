import { z } from 'zod';
import { accountRowSchema, ownAccountSchema, strengthSchema } from './account-data.ts';
import { userIdSchema } from './ids.ts';
import { backupSummarySchema } from './log-data.ts';
import { effectivePolicySchema } from './policy-data.ts';
import {
  administrators,
  ageRecipientSchema,
  displayNameSchema,
  empty,
  everyone,
  passphraseSchema,
  request,
  signedIn,
} from './request-parts.ts';
import { roleSchema } from './roles.ts';

/** The part of the contract about accounts, keys and the policy. */

const oneTimeCodeSchema = z.strictObject({ code: z.string() });
const user = z.strictObject({ userId: userIdSchema });

export const accountRequests = {
  /** How strong a passphrase is that is being chosen, with what to do about it. Not recorded. */
  'passphrase.measure': request(
    everyone,
    z.strictObject({ passphrase: passphraseSchema, personal: z.array(z.string().max(200)).max(5) }),
    strengthSchema,
  ),
  'account.get': request(signedIn, empty, ownAccountSchema),
  'account.changePassphrase': request(
    signedIn,
    z.strictObject({ current: passphraseSchema, passphrase: passphraseSchema }),
    empty,
  ),
  'account.startSecondFactor': request(signedIn, empty, z.strictObject({ uri: z.string(), key: z.string() })),
  'account.confirmSecondFactor': request(
    signedIn,
    z.strictObject({ code: z.string().max(64) }),
    z.strictObject({ codes: z.array(z.string()) }),
  ),
  /** Refused where the policy wants one. */
  'account.removeSecondFactor': request(signedIn, z.strictObject({ code: z.string().max(64) }), empty),

  'accounts.list': request(administrators, empty, z.strictObject({ accounts: z.array(accountRowSchema) })),
  'accounts.add': request(
    administrators,
    z.strictObject({ displayName: displayNameSchema, role: roleSchema }),
    z.strictObject({ userId: userIdSchema, code: z.string() }),
  ),
  'accounts.rename': request(
    administrators,
    z.strictObject({ userId: userIdSchema, displayName: displayNameSchema }),
    empty,
  ),
  /** Another person's passphrase or switched-off account: the old one opens nothing any more. Never the own account. */
  'accounts.issueCode': request(administrators, user, oneTimeCodeSchema),
  /** The person chooses a new passphrase at the next sign-in. */
  'accounts.forceNewPassphrase': request(administrators, user, empty),
  'accounts.removeSecondFactor': request(administrators, user, empty),
  /** Lifts the wait after wrong passphrases. */
  'accounts.clearAttempts': request(administrators, user, empty),
  /** Takes the keys from the account and changes the key of the record. Never the own account, never the last administrator. */
  'accounts.disable': request(administrators, user, empty),

  'policy.get': request(signedIn, empty, effectivePolicySchema),
  /** Opens the sealed keys with a recovery key once more, as a drill. */
  'recovery.drill': request(
    administrators,
    z.strictObject({ identity: z.string().max(400) }),
    z.strictObject({ recipient: ageRecipientSchema, left: z.int() }),
  ),
  /** Copies the record, encrypted as it is, and the key file to a new folder that was chosen in main's dialog. */
  'backup.make': request(administrators, z.strictObject({ fileGrant: z.uuid() }), backupSummarySchema),
  /**
   * The end of this computer's use: a last backup with a signed certificate in a new folder, then the keys here are
   * destroyed. The session ends, and nobody can sign in any more.
   */
  'installation.decommission': request(
    administrators,
    z.strictObject({ passphrase: passphraseSchema, fileGrant: z.uuid() }),
    empty,
  ),
  /** A new key for the record's encryption. The session ends. */
  'keys.rotate': request(administrators, empty, empty),
  /** A new key that signs the record from now on. The session ends. */
  'keys.rotateLogKey': request(administrators, empty, empty),
} as const;
