import { z } from 'zod';
import { entrySchema, turnIdSchema } from '../../shared/ids.ts';
import { catalogueIdSchema, count, hashSchema } from './leaf-parts.ts';

const dayTime = z.iso.datetime({ precision: 3 });
/** `host` or `host:port`, as it was connected to. */
const endpointSchema = z.string().regex(/^[a-z0-9.-]{1,253}(?::[0-9]{1,5})?$/);

/**
 * What becomes of a draft and of a model after it was made, and what leaves the computer for a recipient under a Business
 * Associate Agreement (45 CFR 164.528). Events that nothing writes yet stand here with the format that they will have.
 */
export const laterLeafData = {
  /**
   * Says what is wrong with an earlier entry, which stays as it is. `patient`: the entry was filed under a wrong one, and
   * belongs to the one that this leaf names. texts: correction
   */
  'record.corrected': z.strictObject({
    entry: entrySchema,
    kind: z.enum(['statement', 'patient']),
  }),
  /** texts: printed */
  'document.printed': z.strictObject({ turn: turnIdSchema.nullable(), characters: count }),
  /** texts: comment, where there is one */
  'answer.reported': z.strictObject({
    turn: turnIdSchema,
    reason: z.enum(['invented', 'left-out', 'wrong', 'unsafe', 'other']),
  }),
  'model.imported': z.strictObject({
    model: hashSchema,
    modelId: catalogueIdSchema.nullable(),
    sizeBytes: count,
    source: z.enum(['file', 'download']),
  }),
  /** Answers on this computer from the next sign-in on. */
  'model.chosen': z.strictObject({ model: hashSchema, modelId: catalogueIdSchema }),
  /** Its file is about to be deleted. */
  'model.removed': z.strictObject({ model: hashSchema, modelId: catalogueIdSchema }),
  /**
   * The texts of all entries below `to`, each of them older than `before`, are about to be deleted with their salts: `years`
   * have passed. See `../retention/`.
   */
  'retention.applied': z.strictObject({ to: count, before: dayTime, years: count }),
  /**
   * Text about a patient is about to go to a business associate: recorded before the first byte. `request` is the id that the
   * recipient gave, `peer` the SHA-256 of its TLS certificate; both are null until the answer's leaf. texts: recipientName,
   * recipientAddress, sent (the exact bytes' text), typed (what the person had typed)
   */
  'disclosure.made': z.strictObject({
    turn: turnIdSchema,
    baa: hashSchema,
    endpoint: endpointSchema,
    purpose: z.enum(['treatment', 'payment', 'operations', 'other']),
    accountable: z.boolean(),
    zeroRetention: z.boolean(),
    request: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,128}$/)
      .nullable(),
    peer: hashSchema.nullable(),
  }),
  /** A record of an agreement came, changed or went. `baa`: SHA-256 of the signed document. texts: counterparty */
  'baa.changed': z.strictObject({
    baa: hashSchema,
    change: z.enum(['added', 'changed', 'expired', 'removed']),
    signedAt: dayTime.nullable(),
    expiresAt: dayTime.nullable(),
  }),
} as const;
