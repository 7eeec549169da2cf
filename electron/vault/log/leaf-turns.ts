import { z } from 'zod';
import { samplerSchema } from '../../links/model-port.ts';
import { entrySchema, turnIdSchema } from '../../shared/ids.ts';
import { structureIdSchema } from '../../shared/structures.ts';
import { taskIdSchema } from '../../shared/tasks.ts';
import {
  catalogueIdSchema,
  count,
  hashSchema,
  milliseconds,
  sourceRangeSchema,
  versionSchema,
} from './leaf-parts.ts';

/** What the model is asked and made to read, and what becomes of an answer. Optional members came later: older leaves lack them. */

const modelInUse = {
  model: hashSchema,
  modelId: catalogueIdSchema,
  engine: versionSchema,
  llamaCpp: versionSchema,
};

export const promptData = z.strictObject({
  turn: turnIdSchema,
  task: taskIdSchema,
  template: z.strictObject({ id: catalogueIdSchema, version: count }),
  regenerates: turnIdSchema.nullable(),
  ...modelInUse,
  sampler: samplerSchema,
  contextTokens: count,
  reservedAnswerTokens: count,
  maxAnswerTokens: count,
  destination: z.enum(['local']),
  /** The turn that this one goes on from: the model is given its request and answer, and those before, exactly as recorded. */
  follows: turnIdSchema.nullable().optional(),
  /** The turn that is written again with the same seed, to compare. */
  replays: turnIdSchema.nullable().optional(),
  /** Which step of a source that is worked through in parts; null: the request is whole. */
  part: z
    .strictObject({ work: z.uuid(), kind: z.enum(['part', 'merge']), step: count, of: count })
    .nullable()
    .optional(),
  source: sourceRangeSchema.nullable().optional(),
  /** The form that the answer is held to; null: free text. */
  structure: structureIdSchema.nullable().optional(),
});

export const turnLeafData = {
  /** texts: diff (a unified diff from the draft to the accepted note) */
  'note.accepted': z.strictObject({
    turn: turnIdSchema,
    insertedCharacters: count,
    deletedCharacters: count,
  }),
  /**
   * The model is about to read a source before anybody asks about it; nothing is answered. texts: system, content (the exact
   * beginning of every request about this source)
   */
  'source.evaluated': z.strictObject({
    evaluation: z.uuid(),
    ...modelInUse,
    contextTokens: count,
    source: sourceRangeSchema,
  }),
  'source.evaluation-ended': z.strictObject({
    evaluation: z.uuid(),
    /** The leaf that this one closes. */
    intent: entrySchema,
    /** `interrupted`: a request came before it had read all. `released`: the source left the desk. */
    reason: z.enum([
      'complete',
      'interrupted',
      'released',
      'does-not-fit',
      'signed-out',
      'engine-stopped',
      'restart',
      'error',
    ]),
    promptTokens: count,
    evaluatedTokens: count,
    elapsedMs: milliseconds,
  }),
  /** An answer was written again from its record. `differsAt`: the first character that is another one; null: it is the same. */
  'answer.replayed': z.strictObject({
    turn: turnIdSchema,
    replay: turnIdSchema,
    same: z.boolean(),
    differsAt: count.nullable(),
  }),
} as const;
