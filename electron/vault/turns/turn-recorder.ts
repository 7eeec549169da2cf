import { appError, type AppError } from '../../shared/app-error.ts';
import type { Entry, TurnId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { TurnEnd } from '../../shared/turn-contract.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import type { AuditLog } from '../log/audit-log.ts';
import type { DeltaReceipt, LeafReceipt } from '../log/receipt.ts';
import type { Actor } from '../session/session.ts';
import type { ModelGateway, TurnMessage } from './model-gateway.ts';
import { promptLeaf } from './prompt-leaf.ts';
import type { StoredTurn, TurnStore } from './turn-store.ts';
import {
  abortWords,
  closeOpenTurns,
  endingOf,
  noReport,
  recordingError,
  recordOutcome,
  toTurnEnd,
  type Ending,
} from './turn-outcome.ts';
import { longestAnswer, reservedAnswerTokens, type TurnRequest } from './turn-request.ts';

/**
 * One interaction from intent to outcome. The order is the product's promise: intent committed, then the model hears
 * it; a piece of the answer committed, then the screen shows it; outcome committed, then the turn counts as ended. Requests
 * that come meanwhile are recorded at once and wait in their order.
 */
export type TurnRecorder = {
  /**
   * @param alongside runs in the transaction of the intent
   * @param onEnded hears of the end before the screen does, with the whole answer
   */
  submit(
    request: TurnRequest,
    how?: {
      readonly alongside?: (entry: Entry) => void;
      readonly onEnded?: (end: TurnEnd, text: string) => void;
      /** Before those that wait: a further step of what was begun. */
      readonly first?: boolean;
    },
  ): Result<{ readonly entry: Entry; readonly waiting: number }>;
  receive(message: TurnMessage): void;
  /** @param turnId as the screen knows it */
  stop(turnId: TurnId): Result<Record<string, never>>;
  /** `why` stands for the usual words. Ends what runs, into the log: at sign-out, lock, quit (with all that waits), and when the inference process is gone. */
  abort(reason: 'signed-out' | 'engine-stopped', why?: AppError | null): void;
  /** The model is ready, again or for the first time: what waits goes on. */
  resume(): void;
  /** The model does not come back: what waits ends. */
  giveUp(): void;
  /** Until `letGo`, nothing but further steps of this work is begun. */
  hold(work: string): void;
  letGo(work: string): void;
  isRunning(): boolean;
};

export type TurnDeps = {
  readonly database: WritableDatabase;
  readonly log: AuditLog;
  readonly turns: TurnStore;
  readonly gateway: ModelGateway;
  readonly actor: Actor;
  readonly model: { readonly id: string; readonly sha256: string };
  readonly releaseToScreen: (receipt: DeltaReceipt) => void;
  readonly onReading: (shownAs: TurnRequest['shownAs'], fraction: number) => void;
  readonly onEnded: (end: TurnEnd) => void;
  /** Turns that wait, as the screen knows them. */
  readonly onQueue: (waiting: readonly TurnId[]) => void;
};

type Turn = {
  readonly request: TurnRequest;
  readonly stored: StoredTurn;
  readonly receipt: LeafReceipt<'prompt.submitted'>;
  readonly contextTokens: number;
  readonly onEnded: (end: TurnEnd, text: string) => void;
  nextSeq: number;
  text: string;
  stopped: boolean;
  /** Set when a piece could not be recorded: nothing more is taken, and the end says why. */
  recordingFailed: AppError | null;
};

/** More at once is a mistake, not work. */
const mostWaiting = 8;

export function createTurnRecorder(deps: TurnDeps): TurnRecorder {
  let running: Turn | null = null;
  const waiting: Turn[] = [];
  let heldFor: string | null = null;

  const submit: TurnRecorder['submit'] = (request, { alongside, onEnded, first } = {}) => {
    const facts = deps.gateway.facts();
    const status = deps.gateway.status();
    if (facts === null || status.state !== 'ready') return err(notReady);
    if (waiting.length >= mostWaiting && first !== true) return err(tooManyWaiting);
    // An earlier outcome that a full disk refused is caught up on before anything new.
    closeOpenTurns(deps, 'error', (turnId) => knows(turnId));
    const { contextTokens } = status;
    const toStored = (intent: Entry): StoredTurn => ({
      turnId: request.turnId,
      userId: deps.actor.userId,
      patientId: request.patientId,
      intent,
      end: null,
    });
    const receipt = deps.log.append(promptLeaf(request, { ...deps, facts, contextTokens }), (seq) => {
      deps.turns.insert(toStored(seq));
      alongside?.(seq);
    });
    const turn: Turn = {
      request,
      stored: toStored(receipt.seq),
      receipt,
      contextTokens,
      onEnded: onEnded ?? (() => undefined),
      nextSeq: 0,
      text: '',
      stopped: false,
      recordingFailed: null,
    };
    const before = running === null ? 0 : waiting.length + 1;
    const isFree = heldFor === null || request.part?.work === heldFor;
    if (running === null && isFree) start(turn);
    else if (first === true) waiting.unshift(turn);
    else waiting.push(turn);
    tellQueue();
    return ok({ entry: receipt.seq, waiting: before });
  };

  const knows = (turnId: TurnId): boolean =>
    running?.request.turnId === turnId || waiting.some(({ request }) => request.turnId === turnId);

  function start(turn: Turn): void {
    running = turn;
    const { turnId, conversation, sharedCharacters, structure, sampler, maxAnswerTokens } = turn.request;
    deps.gateway.sendToModel(turn.receipt, {
      turnId,
      conversation,
      sharedCharacters,
      structure,
      sampler,
      reservedAnswerTokens,
      maxAnswerTokens: maxAnswerTokens ?? longestAnswer(turn.contextTokens),
    });
  }

  function startNext(): void {
    if (running !== null || heldFor !== null || deps.gateway.status().state !== 'ready') return;
    const next = waiting.shift();
    if (next === undefined) return;
    start(next);
    tellQueue();
  }

  function tellQueue(): void {
    deps.onQueue(waiting.map(({ request }) => request.shownAs.turnId));
  }

  function takeDelta(current: Turn, text: string): void {
    if (current.recordingFailed !== null || text === '') return;
    try {
      const receipt = deps.log.recordDelta(current.request.turnId, current.nextSeq, text);
      current.nextSeq += 1;
      current.text += text;
      if (current.request.isShown) deps.releaseToScreen(receipt);
    } catch (cause) {
      current.recordingFailed = recordingError(cause);
      deps.gateway.stop(current.request.turnId);
    }
  }

  function receive(message: TurnMessage): void {
    if (running === null || message.turnId !== running.request.turnId) return;
    const current = running;
    if (message.kind === 'delta') takeDelta(current, message.text);
    else if (message.kind === 'reading') deps.onReading(current.request.shownAs, message.fraction);
    else {
      running = null;
      finish(current, endingOf(message, { words: current.request.words, stopped: current.stopped }));
      startNext();
    }
  }

  /** The turn is neither running nor waiting any more. */
  function finish(turn: Turn, how: Ending): void {
    const failed = turn.recordingFailed;
    const ending: Ending =
      failed === null ? how : { ...how, outcome: 'failed', reason: 'error', error: failed };
    const { request, stored, text } = turn;
    const end = ((): TurnEnd => {
      try {
        return recordOutcome(deps, stored, { text, deltas: turn.nextSeq, request }, ending);
      } catch (cause) {
        // The intent stays open and is closed as aborted at the next chance; what was shown stands in the pieces.
        const unrecorded = {
          ...ending,
          outcome: 'failed',
          reason: 'error',
          error: recordingError(cause),
        } as const;
        return toTurnEnd(stored, stored.intent, unrecorded, { deltas: turn.nextSeq, request });
      }
    })();
    turn.onEnded(end, text);
    if (request.isShown) deps.onEnded(end);
  }

  function abortTurn(turn: Turn, reason: Parameters<typeof abortWords>[0], why?: AppError | null): void {
    const words = abortWords(reason);
    finish(turn, { ...words, error: why ?? words.error, report: noReport, overByTokens: 0 });
  }

  /** A turn that ends may bring a further step with it: that is taken too. */
  function abortWaiting(reason: 'signed-out' | 'engine-stopped'): void {
    for (let turn = waiting.shift(); turn !== undefined; turn = waiting.shift()) abortTurn(turn, reason);
    tellQueue();
  }

  return {
    submit,
    receive,
    stop(turnId) {
      if (running?.request.shownAs.turnId === turnId) {
        running.stopped = true;
        deps.gateway.stop(running.request.turnId);
        return ok({});
      }
      const at = waiting.findIndex(({ request }) => request.shownAs.turnId === turnId);
      const [turn] = at === -1 ? [] : waiting.splice(at, 1);
      if (turn === undefined) return err(notWritten);
      abortTurn(turn, 'stopped-by-user');
      tellQueue();
      return ok({});
    },
    abort(reason, why) {
      const current = running;
      running = null;
      if (current !== null) {
        deps.gateway.stop(current.request.turnId);
        abortTurn(current, reason, why);
      }
      if (reason === 'signed-out') abortWaiting(reason);
    },
    resume: startNext,
    giveUp: () => {
      abortWaiting('engine-stopped');
    },
    hold: (work) => {
      heldFor = work;
    },
    letGo: (work) => {
      if (heldFor !== work) return;
      heldFor = null;
      startNext();
    },
    isRunning: () => running !== null || heldFor !== null || waiting.length > 0,
  };
}

const notReady = appError(
  'model-not-ready',
  'The model is not ready yet. Your text is kept. Wait until the sign at the top says that it is ready.',
);
const tooManyWaiting = appError(
  'turn-in-progress',
  'Several drafts wait to be written already. Nothing was added. Wait until one has ended, or stop one first.',
);
const notWritten = appError(
  'turn-not-found',
  'This draft is not being written any more, so there was nothing to stop.',
);
