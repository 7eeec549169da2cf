import { randomUUID } from 'node:crypto';
import { turnIdSchema } from '../../shared/ids.ts';
import type { CoverageStep } from '../../shared/turn-contract.ts';
import type { SourceRange } from './split-source.ts';
import { mergeTemplate, mergeText, notesMergeTemplate, partTemplate, partText } from './templates.ts';
import type { TurnRequest } from './turn-request.ts';

/** A source that is worked through in parts. */
export type Work = {
  readonly id: string;
  /** What the clinician asked for. */
  readonly whole: TurnRequest;
  readonly sourceText: string;
  readonly question: string;
  readonly ranges: readonly SourceRange[];
  /** For a request, beside its answer. */
  readonly roomTokens: number;
  /** For the notes on one part. */
  readonly notesTokens: number;
};

/** What was written about a part, or joined from several; `steps`: the requests that led to it. */
export type Note = { readonly text: string; readonly steps: readonly CoverageStep[] };

/** The request about one part. */
export function partRequest(work: Work, index: number): TurnRequest {
  const { whole, sourceText, ranges } = work;
  const range = ranges[index];
  if (range === undefined) throw new Error('there is no such part');
  const [step, of] = [index + 1, ranges.length];
  return {
    ...stepOf(work),
    template: partTemplate,
    prompt: partText({ text: sourceText.slice(range.from, range.to), step, of }),
    part: { work: work.id, kind: 'part', step, of },
    source: { characters: sourceText.length, ...range },
    covered: null,
    shownAs: { turnId: whole.turnId, step, of, joining: false },
  };
}

/** The request that joins notes: to the draft, or to fewer notes. */
export function joinRequest(work: Work, notes: readonly Note[], into: 'draft' | 'notes'): TurnRequest {
  const { whole, sourceText, question, ranges } = work;
  const texts = notes.map(({ text }) => text);
  const of = ranges.length;
  const joining = {
    part: { work: work.id, kind: 'merge', step: of, of },
    source: null,
    covered: { characters: sourceText.length, steps: notes.flatMap(({ steps }) => steps) },
    shownAs: { turnId: whole.turnId, step: of, of, joining: true },
  } as const;
  if (into === 'notes') {
    return { ...stepOf(work), ...joining, template: notesMergeTemplate, prompt: mergeText(texts, 'notes') };
  }
  const { taskId } = whole;
  return {
    ...whole,
    ...joining,
    template: mergeTemplate(taskId),
    prompt: mergeText(texts, { taskId, question }),
    sharedCharacters: 0,
  };
}

/** What all steps before the draft have in common. */
function stepOf({ whole, notesTokens }: Work) {
  return {
    ...whole,
    turnId: turnIdSchema.parse(randomUUID()),
    sharedCharacters: 0,
    regenerates: null,
    structure: null,
    maxAnswerTokens: notesTokens,
    isShown: false,
  };
}
