import { randomInt, randomUUID } from 'node:crypto';
import type { Sampler } from '../../links/model-port.ts';
import { appError } from '../../shared/app-error.ts';
import type { ParsedInput } from '../../shared/contract.ts';
import type { Flavour } from '../../shared/flavour.ts';
import { turnIdSchema, type TurnId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { tasks } from '../../shared/tasks.ts';
import { mostTurns } from '../../shared/limits.ts';
import type { OpenSession } from '../session/open-session.ts';
import { CommittedConversation, readTurn, type RecordedRequest } from '../turns/committed-conversation.ts';
import { countRequest } from '../turns/parts-plan.ts';
import { patientIdFor } from '../turns/patients.ts';
import {
  followUpTemplate,
  questionIn,
  requestText,
  sharedBeginningOf,
  templateFor,
} from '../turns/templates.ts';
import type { TurnRecorder } from '../turns/turn-recorder.ts';
import { reservedAnswerTokens, wordsIn, type TurnRequest } from '../turns/turn-request.ts';
import type { StoredTurn } from '../turns/turn-store.ts';
import type { WorkInParts } from '../turns/work-in-parts.ts';
import type { ModelGateway } from '../turns/model-gateway.ts';
import type { Handlers } from './request-table.ts';
import { refusePatient } from './synthetic-patients.ts';

type TurnHandlers = Pick<Handlers, 'chat.sendPrompt' | 'chat.stop' | 'chat.reread'>;
type Asked = ParsedInput<'chat.sendPrompt'>;

export type TurnRequestDeps = {
  readonly flavour: Flavour;
  readonly session: () => OpenSession;
  readonly recorder: () => TurnRecorder;
  readonly works: () => WorkInParts;
  readonly gateway: ModelGateway;
  /** A checkpoint that left the machine says that this record was set back or written anew. */
  readonly isSuspect: () => boolean;
};

export function turnHandlers(deps: TurnRequestDeps): TurnHandlers {
  const { session, recorder, works } = deps;

  /** What a request without conversation, or one that goes on from a turn, has of its own. */
  function aboutSource(input: Asked): Result<OwnParts> {
    if (input.follows === null) {
      const { sourceText, taskId } = input;
      if (sourceText.trim() === '' && !tasks[taskId].needsQuestion) return err(nothingToWriteFrom);
      const { text, sharedCharacters } = requestText(input);
      const characters = sourceText.length;
      return ok({
        patientId: patientIdFor(session().database, input.patientReference),
        template: templateFor(taskId),
        prompt: text,
        sharedCharacters,
        conversation: CommittedConversation.none,
        source: characters === 0 ? null : { characters, from: 0, to: characters },
        covered: null,
        words: wordsIn(sourceText),
      });
    }
    const turn = ownTurn(session(), input.follows);
    if (turn === null) return err(turnNotFound);
    if (turn.end === null) return err(notFinished);
    if (input.question.trim() === '') return err(nothingAsked);
    const conversation = CommittedConversation.upTo(session().database, turn.turnId, sharedCharactersOf);
    if (conversation === null) return err(textsGone);
    const { sharedCharacters, exchanges } = conversation;
    return ok({
      patientId: turn.patientId,
      template: followUpTemplate,
      prompt: input.question,
      sharedCharacters,
      conversation,
      source: null,
      covered: turn.end.coverage,
      words: wordsIn(exchanges.map(({ user }) => user).join(' ')),
    });
  }

  /** With the intent, so that a killed vault finds the desk and the answer on it as they were. */
  function keepDesk(input: Asked, turnId: TurnId): void {
    const { drafts, actor } = session();
    const before = drafts.get(actor.userId);
    const others = (before?.turnIds ?? []).filter((id) => id !== input.regenerates && id !== turnId);
    const { patientReference, sourceText, taskId } = input;
    drafts.save(actor.userId, {
      patientReference,
      sourceText,
      taskId,
      question: input.follows === null ? input.question : '',
      turnId,
      editedText: null,
      turnIds: [...others, turnId].slice(-mostTurns),
      edits: before?.edits ?? {},
      accepted: before?.accepted ?? {},
      followUp: '',
    });
  }

  async function send(input: Asked, request: TurnRequest): Promise<ReturnType<TurnRecorder['submit']>> {
    const alongside = (): void => {
      keepDesk(input, request.turnId);
    };
    const status = deps.gateway.status();
    if (input.inParts && input.follows === null && status.state === 'ready') {
      const { sourceText, question } = input;
      const counted = await countRequest(input, deps.gateway.count);
      if (counted !== null && counted.promptTokens > status.contextTokens - reservedAnswerTokens) {
        const sourceTokens = counted.promptTokens - counted.bareTokens;
        return works().begin(request, { sourceText, question, sourceTokens }, alongside);
      }
    }
    return recorder().submit(request, { alongside });
  }

  return {
    'chat.sendPrompt': async (input) => {
      if (deps.isSuspect()) return err(suspect);
      const refused = refusePatient(deps.flavour, input.patientReference);
      if (refused !== null) return refused;
      if (input.regenerates !== null && !isOwn(input.regenerates)) return err(turnNotFound);
      const own = aboutSource(input);
      if (!own.ok) return own;
      const turnId = turnIdSchema.parse(randomUUID());
      const { structure } = input.follows === null ? tasks[input.taskId] : tasks['free-question'];
      const sent = await send(input, {
        ...own.value,
        turnId,
        taskId: input.taskId,
        regenerates: input.regenerates,
        follows: input.follows,
        replays: null,
        part: null,
        structure,
        sampler: newSampler(structure !== null),
        maxAnswerTokens: null,
        shownAs: { turnId, step: 1, of: 1, joining: false },
        isShown: true,
      });
      return sent.ok ? ok({ turnId, ...sent.value }) : sent;
    },
    'chat.stop': ({ turnId }) => {
      // Both: the step that runs may be at its end already, and the next one about to begin.
      const isWork = works().stop(turnId);
      const stopped = recorder().stop(turnId);
      return stopped.ok || !isWork ? stopped : ok({});
    },
    'chat.reread': ({ turnId }) => {
      const begun = works().find(turnId);
      if (begun !== null) {
        const { taskId } = begun.whole;
        return ok({ taskId, text: '', nextSeq: 0, end: begun.end, follows: null, question: '' });
      }
      const turn = ownTurn(session(), turnId);
      if (turn === null) return err(turnNotFound);
      const { turns, database } = session();
      const request = readTurn(database, turnId);
      const asked = {
        taskId: request?.data.task ?? 'free-question',
        follows: request?.data.follows ?? null,
        question: request === null ? '' : questionOf(request),
      };
      if (turn.end === null) return ok({ ...asked, ...turns.deltas(turnId), end: null });
      return ok({ ...asked, text: turns.response(turn.end.entry), nextSeq: 0, end: turn.end });
    },
  };

  function isOwn(turnId: TurnId): boolean {
    return works().find(turnId) !== null || ownTurn(session(), turnId) !== null;
  }
}

type OwnParts = Pick<
  TurnRequest,
  'patientId' | 'template' | 'prompt' | 'sharedCharacters' | 'conversation' | 'source' | 'covered' | 'words'
>;

/** A turn of the signed-in clinician; another's is as good as none. */
export function ownTurn({ turns, actor }: OpenSession, turnId: TurnId): StoredTurn | null {
  const turn = turns.get(turnId);
  return turn?.userId === actor.userId ? turn : null;
}

/** Of a whole request, what all requests about its source begin with. */
export function sharedCharactersOf(prompt: string, { source, part }: RecordedRequest['data']): number {
  if (source === null || source === undefined || (part !== null && part !== undefined)) return 0;
  return sharedBeginningOf(prompt, source.to - source.from);
}

function questionOf({ data, prompt }: RecordedRequest): string {
  return data.follows !== null && data.follows !== undefined ? prompt : questionIn(prompt);
}

/** A fresh seed for every answer; llama.cpp takes 32 bits. It stands in the intent, so an answer can be made again. */
function newSampler(isTable: boolean): Sampler {
  const seed = randomInt(2 ** 32);
  // Rows repeat the names of their columns: a penalty for repeating would spoil them. And they copy: greedily, so that the
  // engine may propose words of the source (decision 18).
  if (isTable) return { temperature: 0, topP: 0.9, topK: 40, minP: 0.05, repeatPenalty: 1, seed };
  return { temperature: 0.3, topP: 0.9, topK: 40, minP: 0.05, repeatPenalty: 1.1, seed };
}

const suspect = appError(
  'record-inconsistent',
  'This record does not fit what left this computer earlier, so nothing new is asked here. Your text is kept. Work on another computer and call IT.',
);
export const turnNotFound = appError(
  'turn-not-found',
  'This draft is not in your record. Nothing was changed. Write the draft again.',
);
export const notFinished = appError(
  'turn-not-finished',
  'The draft is still being written. Wait until it has ended, or stop it first.',
);
const nothingAsked = appError(
  'invalid-input',
  'There is no question yet. Nothing was recorded. Type what you want to know, and ask again.',
);
const nothingToWriteFrom = appError(
  'invalid-input',
  'There is no source to write from. Nothing was recorded. Paste or open one first.',
);
const textsGone = appError(
  'record-not-found',
  'The text of this draft is no longer kept, so nothing can be asked about it. Write a new draft from the source.',
);
