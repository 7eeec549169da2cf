import { z } from 'zod';
import { appErrorCodes } from '../../shared/app-error.ts';
import { entrySchema, turnIdSchema } from '../../shared/ids.ts';

/** What the schemas of leaves are made of: closed alphabets, numbers, hashes. */

export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** Base64 in its one form of a raw public key or a signature. */
export const ed25519Schema = (bytes: 32 | 64) =>
  z.string().refine((text) => {
    const raw = Buffer.from(text, 'base64');
    return raw.byteLength === bytes && raw.toString('base64') === text;
  });
export const versionSchema = z.string().regex(/^[0-9A-Za-z.+-]{1,40}$/);
export const catalogueIdSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,79}$/);
export const count = z.int().nonnegative();
export const milliseconds = z.int().nonnegative();
/** `cloister.<organisation domain>/<installation uuid>/<epoch>` */
export const originSchema = z.string().regex(/^cloister\.[a-z0-9.-]{3,200}\/[0-9a-f-]{36}\/[0-9]+$/);

/** When something was seen while nobody was signed in; null for what was seen in the session of the leaf. */
export const observedSchema = z
  .strictObject({
    at: z.iso.datetime({ precision: 3 }),
    monotonicMs: milliseconds,
    bootId: z.uuid(),
  })
  .nullable();
/** A word of a closed alphabet: policy and key file problems. */
export const problemCodeSchema = z.string().regex(/^[a-z][a-z-]{0,39}$/);
export const factorKindSchema = z.enum(['totp']);

/** Of a source of `characters` UTF-16 code units those from `from` up to `to`, which is not one of them. */
export const sourceRangeSchema = z.strictObject({ characters: count, from: count, to: count });

export const turnEndData = z.strictObject({
  turn: turnIdSchema,
  /** The intent leaf that this outcome closes. */
  intent: entrySchema,
  reason: z.enum([
    'end-of-answer',
    'answer-limit',
    'stopped-by-user',
    'signed-out',
    'engine-stopped',
    'restart',
    'does-not-fit',
    'error',
  ]),
  code: z.enum(appErrorCodes).nullable(),
  /** Pieces of the answer that were recorded, and so could be shown. */
  deltas: count,
  answerTokens: count,
  timeToFirstTokenMs: milliseconds.nullable(),
  generationMs: milliseconds,
  /** What of the input the model saw. `complete` is false only when it stopped before it had read all. */
  coverage: z.strictObject({
    promptTokens: count,
    evaluatedPromptTokens: count,
    contextTokens: count,
    overByTokens: count,
    complete: z.boolean(),
    /** Tokens at the start of the request that the model still had from before: evaluated then, and not again. */
    reusedPromptTokens: count.optional(),
    /** What of the source the request held; null where it held none. */
    source: sourceRangeSchema.nullable().optional(),
    /** Of a merge: the entries of the requests about the parts, in order. */
    steps: z.array(entrySchema).optional(),
  }),
});
