import { useCallback, useRef, useState } from 'react';
import { appError, type AppError } from '../../../electron/shared/app-error.ts';
import type { TurnId } from '../../../electron/shared/ids.ts';
import { tasks } from '../../../electron/shared/tasks.ts';
import { mostCharacters, mostTurns } from '../../../electron/shared/limits.ts';
import type { WorkspaceDraft } from '../../../electron/shared/turn-contract.ts';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { useApp } from '../../app/app-context.ts';
import { isRunning, newAnswer, type Answer } from './draft-assembly.ts';
import { recordedCopy } from './recorded-copy.ts';
import { readTextFile } from './read-text-file.ts';
import { readRows, rowsAsLines } from './structured-answer.ts';
import { useAnswers } from './use-answers.ts';
import { emptyDesk, useDesk } from './use-desk.ts';
import { useSource, type SourceModel } from './use-source.ts';

export type WorkspaceModel = {
  readonly desk: WorkspaceDraft;
  readonly source: SourceModel;
  /** All drafts about this source. */
  readonly answers: readonly Answer[];
  /** The one in the pane. */
  readonly answer: Answer | null;
  readonly acceptedEntry: number | null;
  /** Of what was last tried here, else why the draft in the pane did not come to its end. */
  readonly error: AppError | null;
  /** The text in the draft pane: the clinician's, where it was edited; of a table, its lines. */
  readonly draftText: string;
  /** It was edited, and nobody has accepted it. */
  readonly hasUnsavedEdits: boolean;
  /** A draft is being written, or waits. */
  readonly running: boolean;
  change(part: Partial<WorkspaceDraft>): void;
  edit(text: string): void;
  show(turnId: TurnId): void;
  openFile(file: File): Promise<void>;
  write(how: { readonly again: boolean; readonly inParts: boolean }): Promise<void>;
  askFurther(): Promise<void>;
  stop(turnId: TurnId): Promise<void>;
  copy(text: string, fromDraft: boolean): Promise<boolean>;
  accept(): Promise<void>;
  clear(): Promise<void>;
};

/** Fields of the desk that take so much and no more. */
const limits = [
  ['sourceText', mostCharacters.source],
  ['question', mostCharacters.question],
  ['followUp', mostCharacters.question],
  ['patientReference', mostCharacters.patientReference],
] as const;

/** What a clinician works with: the source, the drafts about it, and what can be done with them. */
export function useWorkspace(onSaveReady: (save: () => Promise<void>) => void): WorkspaceModel {
  const { vault } = useApp();
  const [error, setError] = useState<AppError | null>(null);
  const { answers, put, read, clear } = useAnswers();
  const readAnswers = useRef(read);
  const { desk, latest, change, replace } = useDesk(
    onSaveReady,
    useCallback((kept: WorkspaceDraft) => {
      void readAnswers.current(kept.turnIds);
    }, []),
    setError,
  );
  const running = answers.some(isRunning);
  const source = useSource(desk, running);
  const answer = answers.find(({ turnId }) => turnId === desk.turnId) ?? null;
  const edited = desk.turnId === null ? undefined : desk.edits[desk.turnId];
  const acceptedEntry = (desk.turnId === null ? undefined : desk.accepted[desk.turnId]) ?? null;
  const draftText = edited ?? (answer === null ? '' : asPlainText(answer));

  async function send(
    asked: Pick<Answer, 'taskId' | 'question' | 'follows'>,
    how: { readonly replaces: TurnId | null; readonly inParts: boolean },
  ): Promise<void> {
    setError(null);
    const { patientReference, sourceText } = latest();
    const { replaces, inParts } = how;
    const sent = await vault.request('chat.sendPrompt', {
      patientReference,
      sourceText,
      ...asked,
      regenerates: replaces,
      inParts,
    });
    if (!sent.ok) return setError(sent.error);
    const { turnId, waiting } = sent.value;
    put(newAnswer({ turnId, ...asked }, waiting), replaces);
    change((before) => ({
      turnId,
      turnIds: [...before.turnIds.filter((id) => id !== replaces && id !== turnId), turnId].slice(-mostTurns),
      followUp: '',
    }));
  }

  /** @returns whether it is taken; what is too long is not, and the field keeps what stood there */
  function isTaken(texts: Partial<WorkspaceDraft>): boolean {
    const over = Math.max(...limits.map(([field, most]) => (texts[field]?.length ?? 0) - most));
    setError((before) => {
      if (over > 0) return appError('text-too-long', words.tooLongToTake(over));
      return before?.code === 'text-too-long' ? null : before;
    });
    return over <= 0;
  }

  return {
    desk,
    source,
    answers,
    answer,
    acceptedEntry,
    error: error ?? answer?.end?.error ?? null,
    draftText,
    hasUnsavedEdits: edited !== undefined && acceptedEntry === null,
    running,
    change(part) {
      if (isTaken(part)) change(part);
    },
    edit(text) {
      const { turnId } = latest();
      if (turnId === null || !isTaken({ sourceText: text })) return;
      change(({ edits, accepted }) => ({
        edits: { ...edits, [turnId]: text },
        accepted: without(accepted, turnId),
      }));
    },
    show(turnId) {
      setError(null);
      change({ turnId, followUp: '' });
    },
    async openFile(file) {
      setError(null);
      const text = await readTextFile(file);
      if (!text.ok) return setError(text.error);
      const { patientReference } = latest();
      const recorded = await vault.request('source.recordOpened', {
        patientReference,
        fileName: file.name,
        text: text.value,
      });
      if (!recorded.ok) return setError(recorded.error);
      change({ sourceText: text.value });
      source.prepareNow({ ...latest(), sourceText: text.value });
    },
    async write({ again, inParts }) {
      const { taskId, question } = latest();
      const asked = { taskId, question: tasks[taskId].needsQuestion ? question : '', follows: null };
      const replaced = again && answer?.end !== null ? answer : null;
      if (replaced !== null && replaced.follows !== null) {
        const { follows, question: before } = replaced;
        return send(
          { taskId: replaced.taskId, question: before, follows },
          { replaces: replaced.turnId, inParts: false },
        );
      }
      await send(asked, { replaces: replaced?.turnId ?? null, inParts });
    },
    async askFurther() {
      const { followUp } = latest();
      if (answer === null || followUp.trim() === '') return;
      await send(
        { taskId: 'free-question', question: followUp, follows: answer.turnId },
        { replaces: null, inParts: false },
      );
    },
    async stop(turnId) {
      const stopped = await vault.request('chat.stop', { turnId });
      if (!stopped.ok) setError(stopped.error);
    },
    async copy(text, fromDraft) {
      const failed = await recordedCopy(vault, fromDraft ? (answer?.turnId ?? null) : null, text);
      setError(failed);
      return failed === null;
    },
    async accept() {
      if (answer === null) return;
      const { turnId } = answer;
      const accepted = await vault.request('note.accept', { turnId, finalText: draftText });
      if (!accepted.ok) return setError(accepted.error);
      // What was typed meanwhile is not accepted.
      change(({ edits, accepted: others }) =>
        (edits[turnId] ?? draftText) === draftText
          ? { accepted: { ...others, [turnId]: accepted.value.entry } }
          : {},
      );
    },
    async clear() {
      await vault.request('workspace.clearDraft', {});
      replace({ ...emptyDesk, taskId: latest().taskId });
      clear();
      setError(null);
    },
  };
}

/** A table as the lines that are copied, edited and accepted; an answer that is none stays as it is. */
function asPlainText({ taskId, follows, text }: Answer): string {
  const { structure } = tasks[taskId];
  if (structure === null || follows !== null) return text;
  const table = readRows(structure, text);
  // Where not one row is complete, the text is all there is.
  const isEmpty = table === null || (table.rows.length === 0 && !table.isWhole);
  return isEmpty ? text : rowsAsLines(structure, table.rows, '\t');
}

function without<T extends object>(record: T, key: keyof T): T {
  const { [key]: _, ...rest } = record;
  return rest as T;
}
