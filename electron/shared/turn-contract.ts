import { z } from 'zod';
import { appErrorSchema } from './app-error-schema.ts';
import { entrySchema, turnIdSchema } from './ids.ts';
import { mostCharacters, mostTurns } from './limits.ts';
import {
  clinicians,
  empty,
  patientReferenceSchema,
  questionSchema,
  readers,
  request,
  sourceTextSchema,
  wellFormed,
} from './request-parts.ts';
import { taskIdSchema } from './tasks.ts';

/** Everything about a source and the drafts that are written from it. Characters are UTF-16 code units, as in `document.opened`. */

export const turnOutcomeSchema = z.enum(['completed', 'aborted', 'refused', 'failed']);
export type TurnOutcome = z.infer<typeof turnOutcomeSchema>;

/** One request of which an answer was made. */
export const coverageStepSchema = z.strictObject({
  /** Log entry of the request. */
  entry: entrySchema,
  /** `merge`: what it read are the notes that were made of the parts. */
  kind: z.enum(['whole', 'part', 'merge']),
  /** What of the source it holds, `to` excluded; of a merge: what its notes are about. */
  from: z.int().nonnegative(),
  to: z.int().nonnegative(),
  /** The model read all of the request. */
  complete: z.boolean(),
  /** The step's own answer ended at its longest length. */
  atLimit: z.boolean(),
});
export type CoverageStep = z.infer<typeof coverageStepSchema>;

/** What of the source the model saw, and in which step. */
export const coverageSchema = z.strictObject({
  /** Of the source. */
  characters: z.int().nonnegative(),
  steps: z.array(coverageStepSchema),
});
export type Coverage = z.infer<typeof coverageSchema>;

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
  /** Null where nothing of a source was read, and for turns that ended before there were receipts. */
  coverage: coverageSchema.nullable().default(null),
});
export type TurnEnd = z.infer<typeof turnEndSchema>;

export const workspaceDraftSchema = z.strictObject({
  patientReference: z.string().max(mostCharacters.patientReference),
  sourceText: sourceTextSchema,
  taskId: taskIdSchema,
  question: questionSchema,
  /** The turn whose answer stands in the draft pane. */
  turnId: turnIdSchema.nullable(),
  /** Of the turn in the pane, in drafts that were stored before each turn had its own edits. */
  editedText: sourceTextSchema.nullable(),
  /** All turns about this source, in the order in which they were asked for. */
  turnIds: z.array(turnIdSchema).max(mostTurns).default([]),
  /** Edited drafts and accepted ones, by turn. */
  edits: z.partialRecord(turnIdSchema, sourceTextSchema).default({}),
  accepted: z.partialRecord(turnIdSchema, entrySchema).default({}),
  /** A further question about the draft in the pane, as it is being typed. */
  followUp: questionSchema.default(''),
});
export type WorkspaceDraft = z.infer<typeof workspaceDraftSchema>;

/** How much of what the model can read at once a request takes. */
export const fitSchema = z.strictObject({
  /** What the model counts. */
  promptTokens: z.int(),
  /** What there is room for beside an answer. */
  roomTokens: z.int(),
  /** Words of the source that are too many; 0: it fits. */
  overWords: z.int().nonnegative(),
  /** Parts in which the source would be worked through; 1: in one go; null: not possible, the question alone is too long. */
  parts: z.int().positive().nullable(),
});
export type Fit = z.infer<typeof fitSchema>;

/** A request for a draft: the task, and the source that it is about. */
const askedSchema = {
  taskId: taskIdSchema,
  sourceText: sourceTextSchema,
  question: questionSchema,
  /** The turn that `question` goes on from, with all that was said before it; its source is the one of that turn. */
  follows: turnIdSchema.nullable().default(null),
};

export const turnRequests = {
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
  /**
   * Lets the model read the source before anybody asks about it, so that the first word comes sooner. Recorded first. Null:
   * nothing was begun (the policy, a model that is busy or not ready, a source that does not fit or was read already).
   */
  'source.prepare': request(
    clinicians,
    z.strictObject({ patientReference: patientReferenceSchema, sourceText: sourceTextSchema }),
    z.strictObject({ entry: entrySchema.nullable() }),
  ),
  /** The source is off the desk, or about another patient: what the model has read of it is forgotten. */
  'source.release': request(clinicians, empty, empty),
  /** Counted by the model's own tokenizer; nothing is evaluated and nothing recorded. Null: no model is ready. */
  'source.measure': request(clinicians, z.strictObject(askedSchema), fitSchema.nullable()),

  'chat.sendPrompt': request(
    clinicians,
    z.strictObject({
      patientReference: patientReferenceSchema,
      ...askedSchema,
      /** The turn whose answer this one replaces on the screen. */
      regenerates: turnIdSchema.nullable(),
      /** The clinician agreed that a source that is too long is worked through in parts. */
      inParts: z.boolean().default(false),
    }),
    /** `entry`: of the request, or of its first part. `waiting`: requests that come before it. */
    z.strictObject({ turnId: turnIdSchema, entry: entrySchema, waiting: z.int().nonnegative() }),
  ),
  /** Of a turn that is being written, or one that waits. */
  'chat.stop': request(clinicians, z.strictObject({ turnId: turnIdSchema }), empty),
  /** Everything released so far: for a page that saw a gap in `seq`, and for a draft that is opened again. */
  'chat.reread': request(
    clinicians,
    z.strictObject({ turnId: turnIdSchema }),
    z.strictObject({
      taskId: taskIdSchema,
      text: z.string(),
      nextSeq: z.int(),
      end: turnEndSchema.nullable(),
      /** The turn that it goes on from. */
      follows: turnIdSchema.nullable(),
      /** What was asked in own words; empty where a task alone was. */
      question: z.string(),
    }),
  ),

  /**
   * Writes a recorded answer again: same model, text, settings and seed. How it compares comes as `answer.replayed`. Recorded
   * like every request, and the answer is not shown.
   */
  'answer.replay': request(
    readers,
    /** Of the request or of its answer. */
    z.strictObject({ entry: entrySchema }),
    z.strictObject({ turnId: turnIdSchema, entry: entrySchema }),
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
} as const;

/** Events from the vault to the page about turns. */
export const turnEventSchemas = [
  z.strictObject({
    event: z.literal('turn.delta'),
    turnId: turnIdSchema,
    seq: z.int().nonnegative(),
    text: z.string(),
  }),
  /** `fraction` of the request that the model has read; before the first delta. In parts: of part `step` of `of`, or of the notes that are joined. */
  z.strictObject({
    event: z.literal('turn.reading'),
    turnId: turnIdSchema,
    fraction: z.number(),
    step: z.int().positive(),
    of: z.int().positive(),
    joining: z.boolean(),
  }),
  z.strictObject({ event: z.literal('turn.ended'), end: turnEndSchema }),
  /** Turns that wait for the one that is being written, in their order. */
  z.strictObject({ event: z.literal('turn.queue'), waiting: z.array(turnIdSchema) }),
  z.strictObject({
    event: z.literal('answer.replayed'),
    /** Of the answer that was written to compare. */
    turnId: turnIdSchema,
    /** Null where it was not written to its end; `error` says why. */
    comparison: z
      .strictObject({
        entry: entrySchema,
        /** The first character that is another one, from 0; null: the answers are the same. */
        differsAt: z.int().nonnegative().nullable(),
        /** The original answer was stopped: it is compared as far as it goes. */
        isPartial: z.boolean(),
      })
      .nullable(),
    error: appErrorSchema.nullable(),
  }),
  /** How far the model has read the source ahead; null: it does not. */
  z.strictObject({ event: z.literal('source.prepared'), fraction: z.number().nullable() }),
] as const;
