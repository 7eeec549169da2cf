import { randomUUID } from 'node:crypto';
import { appError } from '../../shared/app-error.ts';
import type { VaultEvent } from '../../shared/contract.ts';
import { turnIdSchema } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { TurnEnd } from '../../shared/turn-contract.ts';
import type { OpenSession } from '../session/open-session.ts';
import { CommittedConversation, readTurn, type RecordedRequest } from '../turns/committed-conversation.ts';
import type { TurnRecorder } from '../turns/turn-recorder.ts';
import type { TurnRequest } from '../turns/turn-request.ts';
import type { StoredTurn } from '../turns/turn-store.ts';
import type { LogVisibility } from './log-visibility.ts';
import type { Handlers } from './request-table.ts';
import { notFinished, sharedCharactersOf } from './turn-requests.ts';

export type ReplayDeps = {
  readonly session: () => OpenSession;
  readonly recorder: () => TurnRecorder;
  /** SHA-256 of the model in use, in hex. */
  readonly modelSha256: () => string | null;
  readonly post: (event: VaultEvent) => void;
};

/** An answer is written again from its record, so that anybody who reads it can see whether the model would say it again. */
export function replayHandlers(deps: ReplayDeps, visibility: LogVisibility): Pick<Handlers, 'answer.replay'> {
  const { session, recorder } = deps;

  function compare(original: StoredTurn, recorded: string, end: TurnEnd, text: string): void {
    const { log, actor } = session();
    const { turnId } = end;
    if (end.outcome !== 'completed') {
      deps.post({ event: 'answer.replayed', turnId, comparison: null, error: end.error });
      return;
    }
    const isPartial = original.end?.outcome !== 'completed';
    const differsAt = firstDifference(recorded, isPartial ? text.slice(0, recorded.length) : text);
    const same = differsAt === null;
    const { seq } = log.append({
      type: 'answer.replayed',
      actor: { id: actor.userId, role: actor.role },
      session: actor.sessionId,
      patient: original.patientId,
      outcome: same ? 'success' : 'attention',
      data: { turn: original.turnId, replay: turnId, same, differsAt },
      texts: {},
    });
    deps.post({
      event: 'answer.replayed',
      turnId,
      comparison: { entry: seq, differsAt, isPartial },
      error: null,
    });
  }

  return {
    'answer.replay': ({ entry }) => {
      const { query, turns, database } = session();
      const row = query.row(entry);
      if (row === null || !visibility.maySee(row)) return err(notFound);
      if (visibility.withholdsText()) return err(mayNotRead);
      const original = turns.withEntry(entry);
      if (original === null) return err(notAnAnswer);
      if (original.end === null) return err(notFinished);
      const recorded = readTurn(database, original.turnId);
      if (recorded === null || recorded.response === null) return err(textsGone);
      if (recorded.data.model !== deps.modelSha256()) return err(otherModel(recorded.data.modelId));
      const { response } = recorded;
      const request = replayOf(session(), original, recorded);
      if (!request.ok) return request;
      const begun = recorder().submit(request.value, {
        onEnded: (end, text) => {
          compare(original, response, end, text);
        },
      });
      return begun.ok ? ok({ turnId: request.value.turnId, entry: begun.value.entry }) : begun;
    },
  };
}

/** The same request again, down to the seed. */
function replayOf(
  { database }: OpenSession,
  original: StoredTurn,
  { data, system, prompt }: RecordedRequest,
): Result<TurnRequest> {
  const follows = data.follows ?? null;
  const conversation =
    follows === null
      ? CommittedConversation.none
      : CommittedConversation.upTo(database, follows, sharedCharactersOf);
  if (conversation === null) return err(textsGone);
  const turnId = turnIdSchema.parse(randomUUID());
  return ok({
    turnId,
    patientId: original.patientId,
    taskId: data.task,
    template: { ...data.template, system },
    prompt,
    sharedCharacters: follows === null ? sharedCharactersOf(prompt, data) : conversation.sharedCharacters,
    conversation,
    regenerates: null,
    follows,
    replays: original.turnId,
    part: null,
    source: data.source ?? null,
    covered: null,
    structure: data.structure ?? null,
    sampler: data.sampler,
    maxAnswerTokens: data.maxAnswerTokens,
    words: 0,
    shownAs: { turnId, step: 1, of: 1, joining: false },
    isShown: false,
  });
}

/** @returns the place in UTF-16 code units; null: there is none */
function firstDifference(a: string, b: string): number | null {
  if (a === b) return null;
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}

const notFound = appError('record-not-found', 'There is no such entry in the record that you may open.');
const mayNotRead = appError(
  'not-allowed',
  'You may not read the texts of the record, so none is written again to compare. Nothing was recorded.',
);
const notAnAnswer = appError(
  'invalid-input',
  'This entry is neither a request for a draft nor its answer, so there is nothing to write again.',
);
const textsGone = appError(
  'record-not-found',
  'The text of this request is no longer kept, so it cannot be written again. The entry and its proof stay.',
);
const otherModel = (modelId: string) =>
  appError(
    'model-not-ready',
    `This draft was written by another model (${modelId}) than the one in use. Nothing was recorded. Ask IT to put that model in use, and try again.`,
  );
