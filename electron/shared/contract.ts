import { z } from 'zod';
import { appErrorSchema } from './app-error.ts';
import { entrySchema, installationIdSchema, turnIdSchema, userIdSchema } from './ids.ts';
import { exportSummarySchema, logRecordSchema, logRowSchema, verificationSchema } from './log-data.ts';
import { logEventTypeSchema } from './log-event-types.ts';
import { accountRequests } from './account-contract.ts';
import { policyForPageSchema } from './policy-data.ts';
import {
  clinicians,
  empty,
  everyone,
  keepers,
  patientReferenceSchema,
  request,
  signedIn,
  sourceTextSchema,
  wellFormed,
} from './request-parts.ts';
import { setupRequests } from './setup-contract.ts';
import { accountTileSchema, sessionRequests, signedInUserSchema } from './session-contract.ts';
import { taskIdSchema } from './tasks.ts';

/**
 * The text port: everything that the page may ask of the vault, and everything that the vault tells the page.
 * Requests go one way and get a `Result`; events go the other way. Inputs are parsed in the vault with these strict
 * schemas; every request names the callers that may use it, and the vault (not the page) checks that.
 */

export const modelStatusSchema = z.discriminatedUnion('state', [
  /** The file is being checked against its hash and loaded; `fraction` from 0 to 1. */
  z.strictObject({
    state: z.literal('loading'),
    step: z.enum(['checking', 'measuring', 'loading']),
    fraction: z.number(),
  }),
  z.strictObject({
    state: z.literal('ready'),
    name: z.string(),
    sha256: z.string(),
    contextTokens: z.int(),
    threads: z.int(),
    /** Median measured when the thread count was chosen. */
    tokensPerSecond: z.number(),
  }),
  z.strictObject({ state: z.literal('failed'), error: appErrorSchema }),
]);
export type ModelStatus = z.infer<typeof modelStatusSchema>;

export const turnOutcomeSchema = z.enum(['completed', 'aborted', 'refused', 'failed']);
export type TurnOutcome = z.infer<typeof turnOutcomeSchema>;

export const turnEndSchema = z.strictObject({
  turnId: turnIdSchema,
  outcome: turnOutcomeSchema,
  /** Why it ended: the model's own end, the user's Stop, the answer limit, and so on. */
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
  /** Log entry of the outcome leaf; of the intent where the outcome could not be written (a full disk). */
  entry: entrySchema,
  answerTokens: z.int(),
  sourceTokens: z.int(),
  tokensPerSecond: z.number().nullable(),
  timeToFirstTokenMs: z.number().nullable(),
  /** Present unless `completed`: a sentence for the screen. */
  error: appErrorSchema.nullable(),
});
export type TurnEnd = z.infer<typeof turnEndSchema>;

/** One-off words that the next screen must say, in order. */
const noticeSchema = z.strictObject({ kind: z.enum(['info', 'attention']), message: z.string() });
export type Notice = z.infer<typeof noticeSchema>;

export const appStateSchema = z.strictObject({
  phase: z.enum(['first-run', 'signed-out', 'signed-in', 'broken']),
  /** Set when `broken`: why nothing can be opened, what was kept, what to do. */
  problem: appErrorSchema.nullable(),
  flavour: z.enum(['release', 'development']),
  version: z.string(),
  organisation: z.string().nullable(),
  installationId: installationIdSchema.nullable(),
  /** Before the first run: IT has prepared this computer. */
  provisioning: z
    .strictObject({ organisation: z.string(), people: z.int(), recoveryKeys: z.int() })
    .nullable(),
  users: z.array(accountTileSchema),
  /** Who locked the screen last, if it was locked and not signed out. */
  lockedUserId: userIdSchema.nullable(),
  user: signedInUserSchema.nullable(),
  /** How the device secret is kept; `passphrase-only` means that this system has no usable keychain. */
  deviceBinding: z.enum(['os-keychain', 'passphrase-only']),
  policy: policyForPageSchema,
  /** Number of leaves: what "Recorded" counts. Null while nobody is signed in. */
  logSize: z.int().nullable(),
  notices: z.array(noticeSchema),
  model: modelStatusSchema,
});
export type AppState = z.infer<typeof appStateSchema>;

export const workspaceDraftSchema = z.strictObject({
  patientReference: z.string().max(64),
  sourceText: sourceTextSchema,
  taskId: taskIdSchema,
  question: wellFormed.max(4000),
  /** The turn whose answer stands in the draft pane, with the clinician's edits. */
  turnId: turnIdSchema.nullable(),
  editedText: sourceTextSchema.nullable(),
});
export type WorkspaceDraft = z.infer<typeof workspaceDraftSchema>;

/** Reads as a sentence to whoever reviews it; a single letter is no reason. Characters. */
const breakGlassReasonSchema = wellFormed.trim().min(10).max(500);
export const contract = {
  ...setupRequests,
  ...sessionRequests,
  ...accountRequests,
  'app.getState': request(everyone, empty, appStateSchema),

  'workspace.getDraft': request(clinicians, empty, workspaceDraftSchema.nullable()),
  'workspace.saveDraft': request(clinicians, workspaceDraftSchema, empty),
  'workspace.clearDraft': request(clinicians, empty, empty),

  /** A .txt file that the page opened: recorded before its text may be used. */
  'source.recordOpened': request(
    clinicians,
    z.strictObject({
      patientReference: patientReferenceSchema,
      fileName: wellFormed.max(255),
      text: sourceTextSchema,
    }),
    z.strictObject({ entry: entrySchema }),
  ),

  'chat.sendPrompt': request(
    clinicians,
    z.strictObject({
      patientReference: patientReferenceSchema,
      taskId: taskIdSchema,
      sourceText: sourceTextSchema,
      question: wellFormed.max(4000),
      /** The turn whose answer this one replaces on the screen. */
      regenerates: turnIdSchema.nullable(),
    }),
    z.strictObject({ turnId: turnIdSchema, entry: entrySchema }),
  ),
  'chat.stop': request(clinicians, z.strictObject({ turnId: turnIdSchema }), empty),
  /** Everything released so far: for a page that saw a gap in `seq`, and for a draft that is opened again. */
  'chat.reread': request(
    clinicians,
    z.strictObject({ turnId: turnIdSchema }),
    z.strictObject({ text: z.string(), nextSeq: z.int(), end: turnEndSchema.nullable() }),
  ),

  /** Recorded before the page may put the text on the clipboard. */
  'clipboard.recordCopy': request(
    clinicians,
    z.strictObject({ turnId: turnIdSchema.nullable(), text: sourceTextSchema }),
    z.strictObject({ entry: entrySchema }),
  ),
  'note.accept': request(
    clinicians,
    z.strictObject({ turnId: turnIdSchema, finalText: sourceTextSchema }),
    z.strictObject({ entry: entrySchema, insertedCharacters: z.int(), deletedCharacters: z.int() }),
  ),

  'log.list': request(
    signedIn,
    z.strictObject({
      /** Only the records of this patient: after `log.breakGlass`, or where the role sees them anyway. */
      patientReference: patientReferenceSchema.nullable(),
      /** Exclusive upper bound for keyset paging; null starts at the newest. */
      before: entrySchema.nullable(),
      limit: z.int().min(1).max(200),
      userId: userIdSchema.nullable(),
      type: logEventTypeSchema.nullable(),
    }),
    z.strictObject({ rows: z.array(logRowSchema), logSize: z.int() }),
  ),
  'log.open': request(signedIn, z.strictObject({ entry: entrySchema }), logRecordSchema),
  /** Opens what others recorded about one patient, until the session ends. The reason is recorded first. */
  'log.breakGlass': request(
    ['clinician'],
    z.strictObject({ patientReference: patientReferenceSchema, reason: breakGlassReasonSchema }),
    z.strictObject({ entry: entrySchema, entries: z.int() }),
  ),
  'log.verify': request(signedIn, empty, verificationSchema),
  'log.export': request(
    keepers,
    z.strictObject({ clinicalText: z.enum(['withheld', 'included']), fileGrant: z.uuid() }),
    exportSummarySchema,
  ),
} as const;

export type Contract = typeof contract;
export type RequestName = keyof Contract;
/** What the page passes (before parsing). */
export type RequestInput<N extends RequestName> = z.input<Contract[N]['input']>;
/** What a handler receives (after parsing). */
export type ParsedInput<N extends RequestName> = z.output<Contract[N]['input']>;
export type RequestOutput<N extends RequestName> = z.output<Contract[N]['output']>;

/** Events from the vault to the page. */
export const vaultEventSchema = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('turn.delta'),
    turnId: turnIdSchema,
    seq: z.int().nonnegative(),
    text: z.string(),
  }),
  /** `fraction` of the source that the model has read; before the first delta. */
  z.strictObject({ event: z.literal('turn.reading'), turnId: turnIdSchema, fraction: z.number() }),
  z.strictObject({ event: z.literal('turn.ended'), end: turnEndSchema }),
  z.strictObject({ event: z.literal('model.status'), status: modelStatusSchema }),
  /** The screen locks in so many seconds; null: somebody is there again. */
  z.strictObject({ event: z.literal('lock.warning'), secondsLeft: z.int().nullable() }),
  z.strictObject({ event: z.literal('log.grew'), logSize: z.int() }),
  z.strictObject({ event: z.literal('export.progress'), fraction: z.number() }),
  z.strictObject({ event: z.literal('notice'), notice: noticeSchema }),
]);
export type VaultEvent = z.infer<typeof vaultEventSchema>;
