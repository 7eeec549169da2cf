import { z } from 'zod';
import { appErrorCodes } from '../../shared/app-error.ts';
import {
  deviceIdSchema,
  entrySchema,
  patientIdSchema,
  sessionIdSchema,
  turnIdSchema,
  userIdSchema,
} from '../../shared/ids.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import { lockReasonSchema } from '../../shared/lock-reason.ts';
import { roleSchema } from '../../shared/roles.ts';
import { taskIdSchema } from '../../shared/tasks.ts';
import { samplerSchema } from '../../links/model-port.ts';

/**
 * What a leaf of the log may hold: enums, numbers, hashes, uuids, times and names from closed alphabets. Free text
 * (requests, answers, file names, user names) stands in `texts` as salted commitments only; see FORMAT.md.
 */

export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** Base64 in its one form of a raw public key or a signature. */
const ed25519Schema = (bytes: 32 | 64) =>
  z.string().refine((text) => {
    const raw = Buffer.from(text, 'base64');
    return raw.byteLength === bytes && raw.toString('base64') === text;
  });
const versionSchema = z.string().regex(/^[0-9A-Za-z.+-]{1,40}$/);
const catalogueIdSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,79}$/);
const count = z.int().nonnegative();
const milliseconds = z.int().nonnegative();
/** `cloister.<organisation domain>/<installation uuid>/<epoch>` */
export const originSchema = z.string().regex(/^cloister\.[a-z0-9.-]{3,200}\/[0-9a-f-]{36}\/[0-9]+$/);

/** When something was seen while nobody was signed in; null for what was seen in the session of the leaf. */
const observedSchema = z
  .strictObject({
    at: z.iso.datetime({ precision: 3 }),
    monotonicMs: milliseconds,
    bootId: z.uuid(),
  })
  .nullable();
/** A word of a closed alphabet: policy and key file problems. */
const problemCodeSchema = z.string().regex(/^[a-z][a-z-]{0,39}$/);
const factorKindSchema = z.enum(['totp']);

const turnEndData = z.strictObject({
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
  }),
});

/** `data` of each event type. */
export const leafDataSchemas = {
  'log.created': z.strictObject({ origin: originSchema, logKey: hashSchema, epoch: count }),
  /** From the checkpoint of this very leaf on another key signs; what both keys sign: `key-rotation.ts`. */
  'log.key-rotated': z.strictObject({
    oldKey: hashSchema,
    oldKeyPublic: ed25519Schema(32),
    newKey: hashSchema,
    newKeyPublic: ed25519Schema(32),
    /** Of the tree before this leaf. */
    size: count,
    oldSignature: ed25519Schema(64),
    newSignature: ed25519Schema(64),
  }),
  'recovery.proven': z.strictObject({ recipient: hashSchema }),
  /** A recovery key opened the record because nobody could, and this account got a new passphrase. */
  'recovery.used': z.strictObject({ recipient: hashSchema, user: userIdSchema }),
  /** texts: displayName */
  'user.created': z.strictObject({ user: userIdSchema, role: roleSchema }),
  /** texts: displayName */
  'user.renamed': z.strictObject({ user: userIdSchema }),
  'user.disabled': z.strictObject({ user: userIdSchema }),
  'user.code-issued': z.strictObject({ user: userIdSchema, reason: z.enum(['created', 'reset', 'enabled']) }),
  'user.passphrase-set': z.strictObject({
    user: userIdSchema,
    reason: z.enum(['enrolment', 'own-wish', 'forced', 'recovery']),
  }),
  'user.passphrase-forced': z.strictObject({ user: userIdSchema }),
  'second-factor.enrolled': z.strictObject({ user: userIdSchema, kind: factorKindSchema }),
  'second-factor.removed': z.strictObject({ user: userIdSchema, kind: factorKindSchema }),
  /** A recovery code was used in the place of the second factor. */
  'second-factor.code-used': z.strictObject({ user: userIdSchema, left: count }),
  'attempts.cleared': z.strictObject({ user: userIdSchema }),
  'session.signed-in': z.strictObject({
    deviceBinding: z.enum(['os-keychain', 'passphrase-only']),
    appSha256: hashSchema.nullable(),
    flavour: z.enum(['release', 'development']),
    startedBecause: z.enum(['launch', 'signed-out', 'locked', 'keys-changed', 'vault-crashed']),
  }),
  'session.signed-out': z.strictObject({}),
  'session.locked': z.strictObject({ reason: lockReasonSchema }),
  'session.sign-in-failed': z.strictObject({
    user: userIdSchema.nullable(),
    reason: z.enum([
      'passphrase',
      'second-factor',
      'locked-out',
      'disabled',
      'unknown-account',
      'keychain',
      'keyring',
    ]),
    observed: observedSchema,
  }),
  'session.locked-out': z.strictObject({ user: userIdSchema, observed: observedSchema }),
  'model.loaded': z.strictObject({
    model: hashSchema,
    modelId: catalogueIdSchema,
    contextTokens: count,
    verifyMs: milliseconds,
    loadMs: milliseconds,
    threads: count,
    tokensPerSecondMilli: count,
    engine: versionSchema,
    llamaCpp: versionSchema,
    backend: versionSchema,
  }),
  'model.refused': z.strictObject({ modelId: catalogueIdSchema.nullable(), code: z.enum(appErrorCodes) }),
  /** texts: fileName, content */
  'document.opened': z.strictObject({ sizeBytes: count, characters: count }),
  /** texts: system, prompt (the exact text that the model is given, before its chat template) */
  'prompt.submitted': z.strictObject({
    turn: turnIdSchema,
    task: taskIdSchema,
    template: z.strictObject({ id: catalogueIdSchema, version: count }),
    regenerates: turnIdSchema.nullable(),
    model: hashSchema,
    modelId: catalogueIdSchema,
    engine: versionSchema,
    llamaCpp: versionSchema,
    sampler: samplerSchema,
    contextTokens: count,
    reservedAnswerTokens: count,
    maxAnswerTokens: count,
    destination: z.enum(['local']),
  }),
  /** texts: response */
  'response.completed': turnEndData,
  'response.aborted': turnEndData,
  'response.refused': turnEndData,
  'response.failed': turnEndData,
  /** texts: copied */
  'clipboard.copied': z.strictObject({ turn: turnIdSchema.nullable(), characters: count }),
  /** texts: diff (a unified diff from the draft to the accepted note) */
  'note.accepted': z.strictObject({
    turn: turnIdSchema,
    insertedCharacters: count,
    deletedCharacters: count,
  }),
  /** Somebody who may not see this patient's record by right opened it, and said why. texts: reason */
  'record.break-glass': z.strictObject({ entries: count }),
  'log.viewed': z.strictObject({ entry: entrySchema.nullable() }),
  'log.verified': z.strictObject({
    treeSize: count,
    root: hashSchema,
    consistent: z.boolean(),
    firstBadEntry: count.nullable(),
  }),
  'log.exported': z.strictObject({
    treeSize: count,
    root: hashSchema,
    clinicalText: z.enum(['withheld', 'included']),
  }),
  'organisation.enrolled': z.strictObject({
    organisationKey: hashSchema,
    provisioning: hashSchema,
    users: count,
  }),
  /** The policy in force changed. `problem`: every setting is at its strictest. texts: policy */
  'policy.applied': z.strictObject({
    version: count.nullable(),
    sha256: hashSchema.nullable(),
    problem: problemCodeSchema.nullable(),
  }),
  'policy.problem': z.strictObject({ code: problemCodeSchema, observed: observedSchema }),
  'keyring.refused': z.strictObject({ code: problemCodeSchema, observed: observedSchema }),
  /** A new database key: `holders` of the old one got it sealed. */
  'key.rotated': z.strictObject({ reason: z.enum(['user-removed', 'by-hand']), holders: count }),
  /** The sealed journal of the time without a session was read; its events are the leaves before. */
  'journal.folded': z.strictObject({
    journal: z.uuid(),
    events: count,
    dropped: count,
    problem: problemCodeSchema.nullable(),
  }),
  'clock.jumped-back': z.strictObject({ byMs: milliseconds }),
  'process.ended': z.strictObject({
    process: z.enum(['inference', 'vault']),
    exitCode: z.int(),
    observed: observedSchema,
  }),
  'network.blocked': z.strictObject({
    process: z.enum(['main', 'vault', 'inference', 'page']),
    api: z.string().regex(/^[A-Za-z0-9.:_-]{1,60}$/),
    observed: observedSchema,
  }),
} as const satisfies Record<LogEventType, z.ZodType>;

export type LeafData<T extends LogEventType> = z.infer<(typeof leafDataSchemas)[T]>;

/** Names of free texts that a leaf can commit to. */
export const textFieldSchema = z.enum([
  'organisationName',
  'displayName',
  'fileName',
  'content',
  'system',
  'prompt',
  'response',
  'copied',
  'diff',
  'reason',
  'policy',
]);
export type TextField = z.infer<typeof textFieldSchema>;

export const outcomeSchema = z.enum(['success', 'stopped', 'refused', 'failed', 'attention']);
export type LeafOutcome = z.infer<typeof outcomeSchema>;

export const timeSyncSchema = z.enum(['synchronised', 'not-synchronised', 'unknown']);

export const leafEnvelopeSchema = z.strictObject({
  v: z.literal(1),
  seq: entrySchema,
  event: z.string(),
  /** Wall clock, UTC, milliseconds. */
  at: z.iso.datetime({ precision: 3 }),
  /** Milliseconds since boot. */
  monotonicMs: milliseconds,
  bootId: z.uuid(),
  timeSync: timeSyncSchema,
  actor: z.strictObject({ id: userIdSchema.nullable(), role: z.union([roleSchema, z.literal('system')]) }),
  session: sessionIdSchema.nullable(),
  device: deviceIdSchema,
  patient: patientIdSchema.nullable(),
  outcome: outcomeSchema,
  app: versionSchema,
  /** Field name to SHA-256(0x10 || salt || text) in hex. */
  texts: z.partialRecord(textFieldSchema, hashSchema),
  data: z.record(z.string(), z.json()),
});
export type LeafEnvelope = z.infer<typeof leafEnvelopeSchema>;

/** Bytes; tlog-tiles gives an entry a 16-bit length. */
export const maximumLeafBytes = 65_535;
