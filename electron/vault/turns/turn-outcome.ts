import type { GenerationReport } from '../../links/model-port.ts';
import { appError, type AppError } from '../../shared/app-error.ts';
import type { Entry, TurnId } from '../../shared/ids.ts';
import type { Coverage, CoverageStep, TurnEnd, TurnOutcome } from '../../shared/turn-contract.ts';
import { databaseFailure } from '../database/open-database.ts';
import type { AuditLog } from '../log/audit-log.ts';
import type { LeafData } from '../log/leaf.ts';
import type { Actor } from '../session/session.ts';
import type { TurnMessage } from './model-gateway.ts';
import type { TurnRequest } from './turn-request.ts';
import type { StoredTurn, TurnStore } from './turn-store.ts';

/** How a turn ends: its outcome leaf, what the page is told, and the words for it. */
type OutcomeDeps = { readonly log: AuditLog; readonly turns: TurnStore };

export type Ending = {
  readonly outcome: TurnOutcome;
  readonly reason: TurnEnd['reason'];
  readonly error: AppError | null;
  readonly report: GenerationReport;
  readonly overByTokens: number;
};

export const noReport: GenerationReport = {
  promptTokens: 0,
  evaluatedPromptTokens: 0,
  reusedPromptTokens: 0,
  answerTokens: 0,
  contextTokens: 0,
  timeToFirstTokenMs: null,
  generationMs: 0,
};

/**
 * After a crash (`restart`) or a full disk (`error`): every intent without an outcome is closed, with all that was shown.
 * @param isAlive a turn that is being written or waits
 */
export function closeOpenTurns(
  deps: OutcomeDeps,
  reason: 'restart' | 'error',
  isAlive: (turnId: TurnId) => boolean = () => false,
): number {
  const open = deps.turns.open().filter(({ turnId }) => !isAlive(turnId));
  for (const turn of open) {
    const { text, nextSeq } = deps.turns.deltas(turn.turnId);
    recordOutcome(
      // Only these two: whoever is signed in now is not who asked.
      { log: deps.log, turns: deps.turns },
      turn,
      { text, deltas: nextSeq, request: null },
      { ...abortWords(reason), report: noReport, overByTokens: 0 },
    );
  }
  return open.length;
}

/** What the end of a turn that the model told of is in the record. */
export function endingOf(
  message: Extract<TurnMessage, { kind: 'ended' | 'refused' | 'failed' }>,
  turn: { readonly words: number; readonly stopped: boolean },
): Ending {
  if (message.kind === 'failed') {
    return { outcome: 'failed', reason: 'error', error: message.error, report: noReport, overByTokens: 0 };
  }
  if (message.kind === 'refused') {
    const { overByTokens, promptTokens, contextTokens, reservedAnswerTokens } = message;
    return {
      outcome: 'refused',
      reason: 'does-not-fit',
      error: doesNotFit(
        { over: overByTokens, prompt: promptTokens, room: contextTokens - reservedAnswerTokens },
        turn.words,
      ),
      report: { ...noReport, promptTokens, contextTokens },
      overByTokens,
    };
  }
  const { report, reason } = message;
  if (reason === 'stopped') {
    return { ...abortWords(turn.stopped ? 'stopped-by-user' : 'engine-stopped'), report, overByTokens: 0 };
  }
  return { outcome: 'completed', reason, error: null, report, overByTokens: 0 };
}

/** The request of a turn, where this process made it. */
type KnownRequest = Pick<TurnRequest, 'source' | 'covered' | 'part'> | null;
/** `deltas`: pieces of text that came. */
type Answered = { readonly deltas: number; readonly request: KnownRequest };

export function recordOutcome(
  deps: OutcomeDeps & { readonly actor?: Actor },
  turn: StoredTurn,
  answer: Answered & { readonly text: string },
  how: Ending,
): TurnEnd {
  const receipt = deps.log.append(
    {
      type: `response.${how.outcome}`,
      actor:
        deps.actor === undefined
          ? // The system's doing, in the record of the person whose request it was.
            { id: turn.userId, role: 'system' }
          : { id: deps.actor.userId, role: deps.actor.role },
      session: deps.actor?.sessionId ?? null,
      patient: turn.patientId,
      outcome: leafOutcome[how.outcome],
      data: outcomeData(turn, answer, how),
      texts: { response: answer.text },
    },
    (seq) => {
      deps.turns.close(turn.turnId, toTurnEnd(turn, seq, how, answer));
    },
  );
  return toTurnEnd(turn, receipt.seq, how, answer);
}

const leafOutcome = {
  completed: 'success',
  aborted: 'stopped',
  refused: 'refused',
  failed: 'failed',
} as const;

function outcomeData(
  turn: StoredTurn,
  { deltas, request }: Answered,
  how: Ending,
): LeafData<'response.completed'> {
  const { report } = how;
  return {
    turn: turn.turnId,
    intent: turn.intent,
    reason: how.reason,
    code: how.error?.code ?? null,
    deltas,
    answerTokens: report.answerTokens,
    timeToFirstTokenMs: report.timeToFirstTokenMs === null ? null : Math.round(report.timeToFirstTokenMs),
    generationMs: Math.round(report.generationMs),
    coverage: {
      promptTokens: report.promptTokens,
      evaluatedPromptTokens: report.evaluatedPromptTokens,
      contextTokens: report.contextTokens,
      overByTokens: how.overByTokens,
      complete: isComplete(how, deltas),
      reusedPromptTokens: report.reusedPromptTokens,
      source: request?.source ?? null,
      steps: (request?.covered?.steps ?? []).map(({ entry }) => entry),
    },
  };
}

/** An answer begins when all was read: so it is also known of one that a process died over, and that nobody reported on. */
function isComplete({ report }: Ending, deltas: number): boolean {
  return deltas > 0 || (report.promptTokens > 0 && report.evaluatedPromptTokens === report.promptTokens);
}

/** What of the source the model saw: in the steps before this request, and in it. */
function coverageOf(turn: StoredTurn, how: Ending, { request, deltas }: Answered): Coverage | null {
  if (request === null) return null;
  const { source, covered, part } = request;
  const before = covered?.steps ?? [];
  const [first, last] = [before[0], before.at(-1)];
  const step = {
    entry: turn.intent,
    complete: isComplete(how, deltas),
    atLimit: how.reason === 'answer-limit',
  };
  if (source !== null) {
    const kind = part === null ? 'whole' : part.kind;
    const { characters, from, to } = source;
    return { characters, steps: [...before, { ...step, kind, from, to }] };
  }
  if (covered === null || first === undefined || last === undefined) return null;
  const joined: CoverageStep = { ...step, kind: 'merge', from: first.from, to: last.to };
  return { characters: covered.characters, steps: part === null ? [...before] : [...before, joined] };
}

export function toTurnEnd(turn: StoredTurn, entry: Entry, how: Ending, answer: Answered): TurnEnd {
  const { report } = how;
  return {
    turnId: turn.turnId,
    outcome: how.outcome,
    reason: how.reason,
    entry,
    answerTokens: report.answerTokens,
    sourceTokens: report.promptTokens,
    tokensPerSecond: report.generationMs > 0 ? (report.answerTokens * 1000) / report.generationMs : null,
    timeToFirstTokenMs: report.timeToFirstTokenMs,
    error: how.error,
    coverage: coverageOf(turn, how, answer),
  };
}

export function abortWords(
  reason: 'stopped-by-user' | 'signed-out' | 'engine-stopped' | 'restart' | 'error',
): Pick<Ending, 'outcome' | 'reason' | 'error'> {
  const words = {
    'stopped-by-user': appError('cancelled', 'You stopped this draft. What was written so far is recorded.'),
    'signed-out': appError(
      'cancelled',
      'The draft was stopped when the screen was locked or signed out. What was written so far is recorded.',
    ),
    'engine-stopped': appError(
      'model-stopped',
      'The model stopped unexpectedly. Everything that was shown is recorded. It is starting again; write the draft again when it is ready.',
    ),
    error: appError(
      'disk-full',
      'The end of this draft could not be recorded at the time. Everything that was shown is recorded.',
    ),
    restart: appError(
      'cancelled',
      'Cloister stopped while this draft was being written. Everything that was shown is recorded.',
    ),
  } as const;
  return { outcome: 'aborted', reason, error: words[reason] };
}

/** @param words of the source: what a clinician can count; tokens, in brackets, are what the model counts */
export function doesNotFit(
  tokens: { readonly over: number; readonly prompt: number; readonly room: number },
  words: number,
): AppError {
  const overWords = Math.ceil((words * tokens.over) / tokens.prompt);
  return appError(
    'does-not-fit',
    `This source is too long for the model, by about ${overWords} of its ${words} words (${tokens.over} of ${tokens.prompt} text units; ` +
      `there is room for ${tokens.room}). Nothing was cut and nothing was written. Let Cloister work through it in parts, shorten it by about ${overWords} words, ` +
      'or ask IT for a model that reads longer texts.',
  );
}

export function recordingError(cause: unknown): AppError {
  if (databaseFailure(cause) === 'disk-full') {
    return appError(
      'disk-full',
      'The disk is full, so this answer could not be recorded and the rest of it is not shown. What you saw before is recorded. ' +
        'Free some space or call IT, then write the draft again.',
    );
  }
  return appError(
    'database-damaged',
    'This answer could not be recorded, so the rest of it is not shown. What you saw before is recorded. Restart Cloister; if it happens again, call IT.',
  );
}
