import { appError } from '../../shared/app-error.ts';
import { syntheticPatientPrefix, type Flavour } from '../../shared/flavour.ts';
import type { TurnId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { OpenSession } from '../session/open-session.ts';
import { noteDiff } from '../turns/note-diff.ts';
import { normaliseReference, patientIdFor } from '../turns/patients.ts';
import type { TurnRecorder } from '../turns/turn-recorder.ts';
import type { StoredTurn } from '../turns/turn-store.ts';
import type { Handlers } from './request-table.ts';

type WorkspaceHandlers = Pick<
  Handlers,
  | 'workspace.getDraft'
  | 'workspace.saveDraft'
  | 'workspace.clearDraft'
  | 'source.recordOpened'
  | 'chat.sendPrompt'
  | 'chat.stop'
  | 'chat.reread'
  | 'clipboard.recordCopy'
  | 'note.accept'
>;

export type WorkspaceDeps = {
  readonly flavour: Flavour;
  readonly session: () => OpenSession;
  readonly recorder: () => TurnRecorder;
};

export function workspaceHandlers(deps: WorkspaceDeps): WorkspaceHandlers {
  const { session, recorder } = deps;

  /** A turn of the signed-in clinician; another's is as good as none. */
  function ownTurn(turnId: TurnId): StoredTurn | null {
    const turn = session().turns.get(turnId);
    return turn?.userId === session().actor.userId ? turn : null;
  }

  return {
    'workspace.getDraft': () => ok(session().drafts.get(session().actor.userId)),
    'workspace.saveDraft': (draft) => {
      session().drafts.save(session().actor.userId, draft);
      return ok({});
    },
    'workspace.clearDraft': () => {
      session().drafts.clear(session().actor.userId);
      return ok({});
    },
    'source.recordOpened': (input) => {
      const refused = refusePatient(deps.flavour, input.patientReference);
      if (refused !== null) return refused;
      const { database, log, actor } = session();
      const receipt = log.append({
        type: 'document.opened',
        actor: { id: actor.userId, role: actor.role },
        session: actor.sessionId,
        patient: patientIdFor(database, input.patientReference),
        outcome: 'success',
        data: { sizeBytes: Buffer.byteLength(input.text), characters: input.text.length },
        texts: { fileName: input.fileName, content: input.text },
      });
      return ok({ entry: receipt.seq });
    },
    'chat.sendPrompt': (input) => {
      const refused = refusePatient(deps.flavour, input.patientReference);
      if (refused !== null) return refused;
      if (input.regenerates !== null && ownTurn(input.regenerates) === null) return err(turnNotFound);
      return recorder().submit(input);
    },
    'chat.stop': ({ turnId }) => recorder().stop(turnId),
    'chat.reread': ({ turnId }) => {
      const turn = ownTurn(turnId);
      if (turn === null) return err(turnNotFound);
      const { turns } = session();
      if (turn.end === null) return ok({ ...turns.deltas(turnId), end: null });
      return ok({ text: turns.response(turn.end.entry), nextSeq: 0, end: turn.end });
    },
    'clipboard.recordCopy': ({ turnId, text }) => {
      const turn = turnId === null ? null : ownTurn(turnId);
      if (turnId !== null && turn === null) return err(turnNotFound);
      if (turn !== null && turn.end === null) return err(notFinished);
      const { log, actor } = session();
      const receipt = log.append({
        type: 'clipboard.copied',
        actor: { id: actor.userId, role: actor.role },
        session: actor.sessionId,
        patient: turn?.patientId ?? null,
        outcome: 'success',
        data: { turn: turnId, characters: text.length },
        texts: { copied: text },
      });
      return ok({ entry: receipt.seq });
    },
    'note.accept': ({ turnId, finalText }) => {
      const turn = ownTurn(turnId);
      if (turn === null) return err(turnNotFound);
      if (turn.end === null) return err(notFinished);
      const { turns, log, actor } = session();
      const { diff, insertedCharacters, deletedCharacters } = noteDiff(
        turns.response(turn.end.entry),
        finalText,
      );
      const receipt = log.append({
        type: 'note.accepted',
        actor: { id: actor.userId, role: actor.role },
        session: actor.sessionId,
        patient: turn.patientId,
        outcome: 'success',
        data: { turn: turnId, insertedCharacters, deletedCharacters },
        texts: { diff },
      });
      return ok({ entry: receipt.seq, insertedCharacters, deletedCharacters });
    },
  };
}

const turnNotFound = appError(
  'turn-not-found',
  'This draft is not in your record. Nothing was changed. Write the draft again.',
);
const notFinished = appError(
  'turn-not-finished',
  'The draft is still being written. Wait until it has ended, or stop it first.',
);

/** A development build is not for patients' data: it takes made-up patients only. */
function refusePatient(flavour: Flavour, reference: string): Result<never> | null {
  if (flavour === 'release' || normaliseReference(reference).startsWith(syntheticPatientPrefix)) return null;
  return err(
    appError(
      'synthetic-patients-only',
      `This is a development build and takes made-up patients only. Nothing was recorded. Begin the patient reference with ${syntheticPatientPrefix}`,
    ),
  );
}
