import { err, ok } from '../../shared/result.ts';
import type { OpenSession } from '../session/open-session.ts';
import { noteDiff } from '../turns/note-diff.ts';
import type { SourceReading } from '../turns/source-reading.ts';
import type { Handlers } from './request-table.ts';
import { notFinished, ownTurn, turnNotFound } from './turn-requests.ts';

type WorkspaceHandlers = Pick<
  Handlers,
  | 'workspace.getDraft'
  | 'workspace.saveDraft'
  | 'workspace.clearDraft'
  | 'clipboard.recordCopy'
  | 'note.accept'
>;

export type WorkspaceDeps = {
  readonly session: () => OpenSession;
  readonly reading: () => SourceReading;
};

export function workspaceHandlers(deps: WorkspaceDeps): WorkspaceHandlers {
  const { session } = deps;

  return {
    'workspace.getDraft': () => ok(session().drafts.get(session().actor.userId)),
    'workspace.saveDraft': (draft) => {
      session().drafts.save(session().actor.userId, draft);
      return ok({});
    },
    'workspace.clearDraft': () => {
      session().drafts.clear(session().actor.userId);
      deps.reading().release();
      return ok({});
    },
    'clipboard.recordCopy': ({ turnId, text }) => {
      const turn = turnId === null ? null : ownTurn(session(), turnId);
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
      const turn = ownTurn(session(), turnId);
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
