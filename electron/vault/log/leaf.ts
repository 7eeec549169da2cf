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
import { leafOutcomeSchema } from '../../shared/log-data.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import { lockReasonSchema } from '../../shared/lock-reason.ts';
import { roleSchema } from '../../shared/roles.ts';
import { startedBecauseSchema } from '../../shared/session-end.ts';
import { laterLeafData } from './leaf-later.ts';
import { promptData, turnLeafData } from './leaf-turns.ts';
import type { JsonValue } from './canonical-json.ts';
import { selectionSchema } from './selection.ts';
import {
  catalogueIdSchema,
  count,
  ed25519Schema,
  factorKindSchema,
  hashSchema,
  milliseconds,
  observedSchema,
  originSchema,
  problemCodeSchema,
  turnEndData,
  versionSchema,
} from './leaf-parts.ts';

/**
 * What a leaf of the log may hold: enums, numbers, hashes, uuids, times and names from closed alphabets. Free text
 * (requests, answers, file names, user names) stands in `texts` as salted commitments only; see FORMAT.md.
 */

/** `data` of each event type. */
export const leafDataSchemas = {
  'log.created': z.strictObject({ origin: originSchema, logKey: hashSchema, epoch: count }),
  /** The first leaf of a record that was restored from a backup of another; see `log-continuation.ts`. */
  'log.continued': z.strictObject({
    origin: originSchema,
    logKey: hashSchema,
    epoch: count,
    oldOrigin: originSchema,
    oldSize: count,
    oldRoot: hashSchema,
    oldKeyPublic: ed25519Schema(32),
    newKeyPublic: ed25519Schema(32),
    oldSignature: ed25519Schema(64),
    newSignature: ed25519Schema(64),
  }),
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
    startedBecause: startedBecauseSchema,
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
      /** The passphrase was right, and the person went away before the rest of the sign-in. */
      'abandoned',
      'keychain',
      'keyring',
    ]),
    observed: observedSchema,
  }),
  'session.locked-out': z.strictObject({ user: userIdSchema, observed: observedSchema }),
  /** Somebody asks with a command from a terminal, while another person may be signed in at the screen. */
  'command.signed-in': z.strictObject({}),
  'command.signed-out': z.strictObject({}),
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
  'prompt.submitted': promptData,
  /** texts: response */
  'response.completed': turnEndData,
  'response.aborted': turnEndData,
  'response.refused': turnEndData,
  'response.failed': turnEndData,
  /** texts: copied */
  'clipboard.copied': z.strictObject({ turn: turnIdSchema.nullable(), characters: count }),
  ...turnLeafData,
  ...laterLeafData,
  /** Somebody who may not see this patient's record by right opened it, and said why. texts: reason */
  'record.break-glass': z.strictObject({ entries: count }),
  'log.viewed': z.strictObject({ entry: entrySchema.nullable() }),
  /** Texts were searched; `results` were shown first. texts: query */
  'log.searched': z.strictObject({ results: count }),
  /** Somebody says to have looked at these entries, both included. texts: note, where there is one */
  'record.reviewed': z.strictObject({ from: count, to: count }),
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
    /** Null: the whole record. */
    selection: selectionSchema.nullable(),
    /** SHA-256 of each age recipient that the file was encrypted to, in order; none: it was not encrypted. */
    recipients: z.array(hashSchema),
  }),
  /** A copy of the whole record is about to be made; `treeSize` and `root` are of the tree before this leaf. */
  'backup.made': z.strictObject({ treeSize: count, root: hashSchema }),
  /** The keys on this computer are about to be destroyed, after a last backup. */
  'installation.decommissioned': z.strictObject({}),
  /** A checkpoint of the tree before this leaf is about to leave the machine; `matching` earlier ones were found there, and fit. */
  'log.anchored': z.strictObject({ treeSize: count, root: hashSchema, matching: count, foreign: count }),
  'log.anchor-failed': z.strictObject({ reason: z.enum(['unreachable', 'unchecked', 'not-written']) }),
  /** A checkpoint that left the machine says that this record was set back, or written anew. */
  'log.anchor-mismatch': z.strictObject({
    kind: z.enum(['rollback', 'fork']),
    anchorSize: count,
    treeSize: count,
  }),
  /** Entries from `from` to `to - 1` lie in the policy's folder for IT; `recipients`: who can open the bundle of them, 0 for none. */
  'log.spooled': z.strictObject({ from: count, to: count, recipients: count }),
  'log.spool-failed': z.strictObject({ reason: z.enum(['unreachable', 'not-written']) }),
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
    process: z.enum(['main', 'vault', 'inference', 'page', 'egress']),
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
  'query',
  'note',
  'correction',
  'printed',
  'comment',
  'recipientName',
  'recipientAddress',
  'sent',
  'typed',
  'counterparty',
]);
export type TextField = z.infer<typeof textFieldSchema>;

export const timeSyncSchema = z.enum(['synchronised', 'not-synchronised', 'unknown']);

/** What it holds is JSON already: it comes out of canonical JSON, or out of the schema of its event. */
const jsonObjectSchema = z.custom<Readonly<Record<string, JsonValue>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

const isTextField = (name: string): name is TextField => Object.hasOwn(textFieldSchema.enum, name);
const isHash = /^[0-9a-f]{64}$/;
/** By hand: a check of a record asks this of every entry. */
export function isTexts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const [name, commitment] of Object.entries(value))
    if (!isTextField(name) || typeof commitment !== 'string' || !isHash.test(commitment)) return false;
  return true;
}
const textsSchema = z.custom<Readonly<Partial<Record<TextField, string>>>>(isTexts);

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
  outcome: leafOutcomeSchema,
  app: versionSchema,
  /** Field name to SHA-256(0x10 || salt || text) in hex. */
  texts: textsSchema,
  data: jsonObjectSchema,
});
export type LeafEnvelope = z.infer<typeof leafEnvelopeSchema>;

/** Bytes; tlog-tiles gives an entry a 16-bit length. */
export const maximumLeafBytes = 65_535;
