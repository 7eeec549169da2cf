import type { Sampler } from '../../links/model-port.ts';
import type { PatientId, TurnId } from '../../shared/ids.ts';
import type { StructureId } from '../../shared/structures.ts';
import type { TaskId } from '../../shared/tasks.ts';
import type { CoverageStep } from '../../shared/turn-contract.ts';
import type { LeafData } from '../log/leaf.ts';
import type { CommittedConversation } from './committed-conversation.ts';
import type { Template } from './templates.ts';

type PromptData = LeafData<'prompt.submitted'>;

/** One request to the model, before it is recorded. */
export type TurnRequest = {
  readonly turnId: TurnId;
  readonly patientId: PatientId;
  readonly taskId: TaskId;
  readonly template: Template;
  readonly prompt: string;
  readonly sharedCharacters: number;
  readonly conversation: CommittedConversation;
  readonly regenerates: TurnId | null;
  readonly follows: TurnId | null;
  readonly replays: TurnId | null;
  readonly part: NonNullable<PromptData['part']> | null;
  readonly source: NonNullable<PromptData['source']> | null;
  /** What was read of the source before this request: the parts, or the turn that it goes on from. */
  readonly covered: { readonly characters: number; readonly steps: readonly CoverageStep[] } | null;
  readonly structure: StructureId | null;
  readonly sampler: Sampler;
  /** Null: as long as the model's context lets it be. */
  readonly maxAnswerTokens: number | null;
  /** Of the source, for the words about one that is too long. */
  readonly words: number;
  /** The screen hears of a step of a source in parts under the turn in which the parts are joined. */
  readonly shownAs: {
    readonly turnId: TurnId;
    readonly step: number;
    readonly of: number;
    readonly joining: boolean;
  };
  /** Pieces of the answer go to the screen. */
  readonly isShown: boolean;
};

/** Tokens that an answer must have room for; a request that leaves less is refused, not cut. */
export const reservedAnswerTokens = 256;

/** A quarter of the context, at most about three pages: a weak model would go on for ever. An answer that ends so says so. */
export function longestAnswer(contextTokens: number): number {
  return Math.max(reservedAnswerTokens, Math.min(1500, Math.floor(contextTokens / 4)));
}

export function wordsIn(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
