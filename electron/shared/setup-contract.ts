import { z } from 'zod';
import { installationIdSchema } from './ids.ts';
import {
  ageRecipientSchema,
  displayNameSchema,
  empty,
  passphraseSchema,
  request,
  wellFormed,
} from './request-parts.ts';

/** The part of the contract before there is an installation. */

const setUpSchema = z.strictObject({
  installationId: installationIdSchema,
  keyFingerprint: z.string(),
  logVerifierKey: z.string(),
});

export const setupRequests = {
  // First run. The vault keeps the unfinished set-up in memory; `setup.complete` writes everything at once.
  /** Makes an age X25519 identity and seals the coming keys to it. The identity is returned once and not kept. */
  'setup.createRecoveryKey': request(
    ['none'],
    empty,
    z.strictObject({ recipient: ageRecipientSchema, identity: z.string() }),
  ),
  /** Takes a recipient that IT made elsewhere (`age-keygen` on another machine). */
  'setup.addRecoveryRecipient': request(['none'], z.strictObject({ recipient: ageRecipientSchema }), empty),
  'setup.removeRecoveryRecipient': request(
    ['none'],
    z.strictObject({ recipient: ageRecipientSchema }),
    empty,
  ),
  /** Writes the identity, given back by the page, to a file that the person chose on a removable medium. */
  'setup.saveRecoveryKey': request(
    ['none'],
    z.strictObject({ identity: z.string().max(200), fileGrant: z.uuid() }),
    z.strictObject({ fileName: z.string() }),
  ),
  /** Opens the sealed keys with the identity that the person kept: the proof that recovery will work. */
  'setup.proveRecoveryKey': request(
    ['none'],
    z.strictObject({ identity: z.string().max(400) }),
    z.strictObject({ recipient: ageRecipientSchema }),
  ),
  /** Sets the computer up as IT's signed file says; everybody begins with a one-time code. */
  'setup.enrol': request(['none'], empty, setUpSchema),
  'setup.complete': request(
    ['none'],
    z.strictObject({
      organisationName: wellFormed.trim().min(1).max(200),
      /** Goes into the log's origin line: `clinic.example`. */
      organisationDomain: z
        .string()
        .toLowerCase()
        .regex(/^(?=.{3,190}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/),
      administrator: z.strictObject({ displayName: displayNameSchema, passphrase: passphraseSchema }),
      clinician: z.strictObject({ displayName: displayNameSchema, passphrase: passphraseSchema }),
      /** Must be true to go on with one recovery recipient. */
      acceptSingleRecipient: z.boolean(),
    }),
    setUpSchema,
  ),
} as const;
