import { randomUUID } from 'node:crypto';
import { appError, type AppError } from '../../shared/app-error.ts';
import { turnIdSchema, type Entry, type TurnId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { CoverageStep, TurnEnd } from '../../shared/turn-contract.ts';
import type { ModelGateway } from './model-gateway.ts';
import { joinRequest, partRequest, type Note, type Work } from './part-requests.ts';
import { planParts } from './parts-plan.ts';
import type { TurnRecorder } from './turn-recorder.ts';
import { abortWords, recordingError } from './turn-outcome.ts';
import { longestAnswer, reservedAnswerTokens, type TurnRequest } from './turn-request.ts';

/**
 * A source that is too long for the model, worked through in parts because the clinician agreed: each part is a request of
 * its own with notes as its answer, and one more request joins the notes to the draft. The screen knows the whole by the
 * turn of the joining.
 */
export type WorkInParts = {
  begin(
    whole: TurnRequest,
    task: { readonly sourceText: string; readonly question: string; readonly sourceTokens: number },
    alongside: (entry: Entry) => void,
  ): Promise<Result<{ readonly entry: Entry; readonly waiting: number }>>;
  /** Of a turn whose joining has not begun; `end` is null while its parts are read. */
  find(turnId: TurnId): { readonly whole: TurnRequest; readonly end: TurnEnd | null } | null;
  /** Between two steps, when nothing of it runs or waits. @returns whether there is such a one */
  stop(turnId: TurnId): boolean;
};

/** Notes that are shorter say nothing. */
const shortestNotes = 96;
/** Of the room for a request, what the notes on all parts may fill; the rest is for the instruction. */
const shareForNotes = 0.8;

/** How a step came out: notes, or the end of the whole. */
type Outcome<T> = Result<T, TurnEnd>;

export function createWorkInParts(deps: {
  readonly recorder: TurnRecorder;
  readonly gateway: ModelGateway;
  readonly onEnded: (end: TurnEnd) => void;
}): WorkInParts {
  const { recorder, gateway } = deps;
  const stopped = new Set<TurnId>();
  const known = new Map<TurnId, { readonly whole: TurnRequest; readonly end: TurnEnd | null }>();

  /** A full disk ends the work, with what was read, and not the queue. */
  const submit: TurnRecorder['submit'] = (request, how) => {
    try {
      return recorder.submit(request, how);
    } catch (cause) {
      return err(recordingError(cause));
    }
  };

  /** One step before the draft: recorded like every request; the screen hears of its progress alone. */
  function take(
    work: Work,
    request: TurnRequest,
    how: { readonly alongside?: (entry: Entry) => void; readonly first: boolean },
  ) {
    const ended = Promise.withResolvers<Outcome<Note>>();
    const begun = submit(request, {
      ...how,
      onEnded: (end, text) => {
        if (end.outcome !== 'completed') return ended.resolve(err(end));
        // Nothing that waits comes between this step and the next.
        recorder.hold(work.id);
        ended.resolve(ok({ text, steps: end.coverage?.steps ?? [] }));
      },
    });
    return { begun, ended: ended.promise };
  }

  async function next(work: Work, request: TurnRequest, before: readonly Note[]): Promise<Outcome<Note>> {
    if (stopped.has(work.whole.turnId)) return err(stoppedEnd(work, before));
    const { begun, ended } = take(work, request, { first: true });
    return begun.ok ? ended : err(endWith(work, before, begun.error));
  }

  async function readParts(work: Work, first: Promise<Outcome<Note>>): Promise<Outcome<readonly Note[]>> {
    const notes: Note[] = [];
    for (const index of work.ranges.keys()) {
      const note = index === 0 ? await first : await next(work, partRequest(work, index), notes);
      if (!note.ok) return note;
      notes.push(note.value);
    }
    return ok(notes);
  }

  /** Notes that do not fit at once are joined two by two, as often as it takes. */
  async function joinUntilTheyFit(work: Work, notes: readonly Note[]): Promise<Outcome<readonly Note[]>> {
    const pairs = notes.flatMap((_, index) => (index % 2 === 0 ? [notes.slice(index, index + 2)] : []));
    const requests = [
      joinRequest(work, notes, 'draft'),
      ...pairs.map((pair) => joinRequest(work, pair, 'notes')),
    ];
    const counted = await gateway.count(
      requests.map(({ template, prompt }) => ({ system: template.system, earlier: [], user: prompt })),
    );
    const [all, ...each] = counted ?? [];
    if (all === undefined) return err(endWith(work, notes, notReady));
    if (all <= work.roomTokens) return ok(notes);
    if (notes.length < 2 || each.some((needed) => needed > work.roomTokens))
      return err(endWith(work, notes, tooLongInParts));
    const joined: Note[] = [];
    for (const pair of pairs) {
      const [only, other] = pair;
      if (only !== undefined && other === undefined) joined.push(only);
      else {
        const note = await next(work, joinRequest(work, pair, 'notes'), notes);
        if (!note.ok) return note;
        joined.push(note.value);
      }
    }
    return joinUntilTheyFit(work, joined);
  }

  async function finish(work: Work, first: Promise<Outcome<Note>>): Promise<void> {
    const parts = await readParts(work, first);
    const notes = parts.ok ? await joinUntilTheyFit(work, parts.value) : parts;
    if (!notes.ok) return fail(work, notes.error);
    if (stopped.has(work.whole.turnId)) return fail(work, stoppedEnd(work, notes.value));
    const begun = submit(joinRequest(work, notes.value, 'draft'), { first: true });
    if (!begun.ok) return fail(work, endWith(work, notes.value, begun.error));
    known.delete(work.whole.turnId);
    recorder.letGo(work.id);
  }

  function fail(work: Work, end: TurnEnd): void {
    const { whole } = work;
    const shown = { ...end, turnId: whole.turnId };
    known.set(whole.turnId, { whole, end: shown });
    deps.onEnded(shown);
    recorder.letGo(work.id);
  }

  return {
    async begin(whole, { sourceText, question, sourceTokens }, alongside) {
      const status = gateway.status();
      if (status.state !== 'ready') return err(notReady);
      const roomTokens = status.contextTokens - reservedAnswerTokens;
      const ranges = await planParts({ text: sourceText, tokens: sourceTokens }, roomTokens, gateway.count);
      if (ranges === null) return err(tooLongInParts);
      const share = Math.floor((roomTokens * shareForNotes) / ranges.length);
      const notesTokens = Math.max(shortestNotes, Math.min(longestAnswer(status.contextTokens), share));
      const work: Work = { id: randomUUID(), whole, sourceText, question, ranges, roomTokens, notesTokens };
      const { begun, ended } = take(work, partRequest(work, 0), { alongside, first: false });
      if (!begun.ok) return begun;
      known.set(whole.turnId, { whole, end: null });
      void finish(work, ended);
      return begun;
    },
    find: (turnId) => known.get(turnId) ?? null,
    stop(turnId) {
      const isUnderWay = known.get(turnId)?.end === null;
      if (isUnderWay) stopped.add(turnId);
      return isUnderWay;
    },
  };
}

/** The whole ends before its draft was begun; what its steps wrote is recorded with them. */
function endWith({ whole, sourceText }: Work, notes: readonly Note[], error: AppError): TurnEnd {
  const steps: readonly CoverageStep[] = notes.flatMap((note) => note.steps);
  return {
    turnId: turnIdSchema.parse(whole.turnId),
    outcome: 'failed',
    reason: 'error',
    entry: lastEntry(steps),
    answerTokens: 0,
    sourceTokens: 0,
    tokensPerSecond: null,
    timeToFirstTokenMs: null,
    error,
    coverage: { characters: sourceText.length, steps: [...steps] },
  };
}

function stoppedEnd(work: Work, notes: readonly Note[]): TurnEnd {
  const { outcome, reason, error } = abortWords('stopped-by-user');
  return { ...endWith(work, notes, notReady), outcome, reason, error };
}

function lastEntry(steps: readonly CoverageStep[]): Entry {
  const last = steps.at(-1);
  if (last === undefined) throw new Error('a step has an entry before the next can fail');
  return last.entry;
}

const notReady = appError(
  'model-not-ready',
  'The model is not ready, so the source is not worked through in parts. What was read so far is recorded, and your text is kept. Try again when the sign at the top says that it is ready.',
);
const tooLongInParts = appError(
  'does-not-fit',
  'This source is too long for the model even in parts. Nothing was cut. Shorten it, or ask IT for a model that reads longer texts.',
);
