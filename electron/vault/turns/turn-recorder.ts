import { randomInt, randomUUID } from 'node:crypto';
import type { Sampler } from '../../links/model-port.ts';
import { appError, type AppError } from '../../shared/app-error.ts';
import type { ParsedInput, TurnEnd } from '../../shared/contract.ts';
import { turnIdSchema, type Entry, type TurnId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import type { AuditLog } from '../log/audit-log.ts';
import type { DeltaReceipt } from '../log/receipt.ts';
import type { Actor } from '../session/session.ts';
import type { ModelGateway, TurnMessage } from './model-gateway.ts';
import { patientIdFor } from './patients.ts';
import { templateFor, userText } from './templates.ts';
import {
  abortWords,
  closeOpenTurns,
  doesNotFit,
  noReport,
  recordingError,
  recordOutcome,
  toTurnEnd,
  type Ending,
} from './turn-outcome.ts';
import type { StoredTurn, TurnStore } from './turn-store.ts';
import type { WorkspaceDrafts } from './workspace-drafts.ts';

/**
 * One interaction from intent to outcome. The order is the product's promise: intent committed, then the model hears
 * it; a piece of the answer committed, then the screen shows it; outcome committed, then the turn counts as ended.
 */
export type TurnRecorder = {
  submit(input: ParsedInput<'chat.sendPrompt'>): Result<{ turnId: TurnId; entry: Entry }>;
  receive(message: TurnMessage): void;
  stop(turnId: TurnId): Result<Record<string, never>>;
  /** Ends whatever runs, into the log: at sign-out, lock, quit, and when the inference process is gone. */
  abort(reason: 'signed-out' | 'engine-stopped'): void;
  isRunning(): boolean;
};

export type TurnDeps = {
  readonly database: WritableDatabase;
  readonly log: AuditLog;
  readonly turns: TurnStore;
  readonly drafts: WorkspaceDrafts;
  readonly gateway: ModelGateway;
  readonly actor: Actor;
  readonly model: { readonly id: string; readonly sha256: string };
  readonly releaseToScreen: (receipt: DeltaReceipt) => void;
  readonly onReading: (turnId: TurnId, fraction: number) => void;
  readonly onEnded: (end: TurnEnd) => void;
};

/** Tokens that an answer must have room for; a request that leaves less is refused, not cut. */
const reservedAnswerTokens = 256;

/** A quarter of the context, at most about three pages: a weak model would go on for ever. An answer that ends so says so. */
function longestAnswer(contextTokens: number): number {
  return Math.max(reservedAnswerTokens, Math.min(1500, Math.floor(contextTokens / 4)));
}

type Running = {
  readonly turnId: TurnId;
  readonly turn: StoredTurn;
  /** Of the source. */
  readonly words: number;
  nextSeq: number;
  text: string;
  stopped: boolean;
  /** Set when a piece could not be recorded: nothing more is taken, and the end says why. */
  recordingFailed: AppError | null;
};

export function createTurnRecorder(deps: TurnDeps): TurnRecorder {
  let running: Running | null = null;

  function submit(input: ParsedInput<'chat.sendPrompt'>): Result<{ turnId: TurnId; entry: Entry }> {
    if (running !== null) {
      return err(
        appError(
          'turn-in-progress',
          'A draft is still being written. Stop it first, or wait until it has ended.',
        ),
      );
    }
    const facts = deps.gateway.facts();
    const status = deps.gateway.status();
    if (facts === null || status.state !== 'ready') {
      return err(
        appError(
          'model-not-ready',
          'The model is not ready yet. Your text is kept. Wait until the sign at the top says that it is ready.',
        ),
      );
    }
    // An earlier outcome that a full disk refused is caught up on before anything new.
    closeOpenTurns(deps, 'error');
    const turnId = turnIdSchema.parse(randomUUID());
    const template = templateFor(input.taskId);
    const sampler = newSampler();
    const options = { reservedAnswerTokens, maxAnswerTokens: longestAnswer(status.contextTokens) };
    const patientId = patientIdFor(deps.database, input.patientReference);
    const toStored = (intent: Entry): StoredTurn => ({
      turnId,
      userId: deps.actor.userId,
      patientId,
      intent,
      end: null,
    });
    const receipt = deps.log.append(
      {
        type: 'prompt.submitted',
        actor: { id: deps.actor.userId, role: deps.actor.role },
        session: deps.actor.sessionId,
        patient: patientId,
        outcome: 'success',
        data: {
          turn: turnId,
          task: input.taskId,
          template: { id: template.id, version: template.version },
          regenerates: input.regenerates,
          model: deps.model.sha256,
          modelId: deps.model.id,
          engine: facts.engineVersion,
          llamaCpp: facts.llamaCppRelease,
          sampler,
          contextTokens: status.contextTokens,
          ...options,
          destination: 'local',
        },
        texts: { system: template.system, prompt: userText(input) },
      },
      (seq) => {
        deps.turns.insert(toStored(seq));
        // With the intent, so that a killed vault finds the desk and the answer on it as they were.
        const { patientReference, sourceText, taskId, question } = input;
        deps.drafts.save(deps.actor.userId, {
          patientReference,
          sourceText,
          taskId,
          question,
          turnId,
          editedText: null,
        });
      },
    );
    const turn = toStored(receipt.seq);
    const words = input.sourceText.match(/\S+/g)?.length ?? 0;
    running = { turnId, turn, words, nextSeq: 0, text: '', stopped: false, recordingFailed: null };
    deps.gateway.sendToModel(receipt, { turnId, sampler, ...options });
    return ok({ turnId, entry: receipt.seq });
  }

  function takeDelta(current: Running, text: string): void {
    if (current.recordingFailed !== null || text === '') return;
    try {
      const receipt = deps.log.recordDelta(current.turnId, current.nextSeq, text);
      current.nextSeq += 1;
      current.text += text;
      deps.releaseToScreen(receipt);
    } catch (cause) {
      current.recordingFailed = recordingError(cause);
      deps.gateway.stop(current.turnId);
    }
  }

  function receive(message: TurnMessage): void {
    if (running === null || message.turnId !== running.turnId) return;
    const current = running;
    if (message.kind === 'delta') takeDelta(current, message.text);
    else if (message.kind === 'reading') deps.onReading(current.turnId, message.fraction);
    else if (message.kind === 'refused') {
      finish(current, {
        outcome: 'refused',
        reason: 'does-not-fit',
        error: doesNotFit(
          {
            over: message.overByTokens,
            prompt: message.promptTokens,
            room: message.contextTokens - message.reservedAnswerTokens,
          },
          current.words,
        ),
        report: { ...noReport, promptTokens: message.promptTokens, contextTokens: message.contextTokens },
        overByTokens: message.overByTokens,
      });
    } else if (message.kind === 'failed') {
      finish(current, {
        outcome: 'failed',
        reason: 'error',
        error: message.error,
        report: noReport,
        overByTokens: 0,
      });
    } else if (message.reason === 'stopped') {
      finish(current, {
        ...abortWords(current.stopped ? 'stopped-by-user' : 'engine-stopped'),
        report: message.report,
        overByTokens: 0,
      });
    } else {
      finish(current, {
        outcome: 'completed',
        reason: message.reason,
        error: null,
        report: message.report,
        overByTokens: 0,
      });
    }
  }

  function finish(current: Running, how: Ending): void {
    running = null;
    const failed = current.recordingFailed;
    const ending: Ending =
      failed === null ? how : { ...how, outcome: 'failed', reason: 'error', error: failed };
    try {
      const end = recordOutcome(deps, current.turn, { text: current.text, deltas: current.nextSeq }, ending);
      deps.onEnded(end);
    } catch (cause) {
      // The intent stays open and is closed as aborted at the next chance; what was shown stands in the pieces.
      deps.onEnded(
        toTurnEnd(current.turn, current.turn.intent, {
          ...ending,
          outcome: 'failed',
          reason: 'error',
          error: recordingError(cause),
        }),
      );
    }
  }

  return {
    submit,
    receive,
    stop(turnId) {
      if (running === null || running.turnId !== turnId) {
        return err(
          appError(
            'turn-not-found',
            'This draft is not being written any more, so there was nothing to stop.',
          ),
        );
      }
      running.stopped = true;
      deps.gateway.stop(turnId);
      return ok({});
    },
    abort(reason) {
      if (running === null) return;
      deps.gateway.stop(running.turnId);
      finish(running, { ...abortWords(reason), report: noReport, overByTokens: 0 });
    },
    isRunning: () => running !== null,
  };
}

/** A fresh seed for every answer; llama.cpp takes 32 bits. It stands in the intent, so an answer can be made again. */
function newSampler(): Sampler {
  return { temperature: 0.3, topP: 0.9, topK: 40, minP: 0.05, repeatPenalty: 1.1, seed: randomInt(2 ** 32) };
}
