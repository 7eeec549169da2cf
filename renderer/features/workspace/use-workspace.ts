import { useCallback, useEffect, useRef, useState } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { WorkspaceDraft } from '../../../electron/shared/contract.ts';
import { useApp } from '../../app/app-context.ts';
import { assemble, newAnswer, reread, type Answer } from './draft-assembly.ts';
import { recordedCopy } from './recorded-copy.ts';
import { readTextFile } from './read-text-file.ts';

/** Longest time that typed text stays unsaved. */
const saveAfterMs = 800;

const emptyDesk: WorkspaceDraft = {
  patientReference: '',
  sourceText: '',
  taskId: 'soap-note',
  question: '',
  turnId: null,
  editedText: null,
};

export type WorkspaceModel = {
  readonly desk: WorkspaceDraft;
  readonly answer: Answer | null;
  readonly acceptedEntry: number | null;
  readonly error: AppError | null;
  /** The text in the draft pane: the clinician's, where it was edited. */
  readonly draftText: string;
  change(part: Partial<WorkspaceDraft>): void;
  openFile(file: File): Promise<void>;
  write(): Promise<void>;
  stop(): Promise<void>;
  copy(text: string, fromDraft: boolean): Promise<boolean>;
  accept(): Promise<void>;
  clear(): Promise<void>;
};

/** What stands on the desk, kept in the vault as it is typed. */
export function useWorkspace(onSaveReady: (save: () => Promise<void>) => void): WorkspaceModel {
  const { vault } = useApp();
  const [desk, setDesk] = useState(emptyDesk);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [acceptedEntry, setAcceptedEntry] = useState<number | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  const loaded = useRef(false);
  const latest = useRef(desk);
  useEffect(() => {
    latest.current = desk;
  }, [desk]);

  const save = useCallback(async () => {
    if (loaded.current) await vault.request('workspace.saveDraft', latest.current);
  }, [vault]);
  useEffect(() => {
    onSaveReady(save);
  }, [onSaveReady, save]);

  useEffect(() => {
    void (async () => {
      const kept = await vault.request('workspace.getDraft', {});
      if (kept.ok && kept.value !== null) {
        const { turnId } = kept.value;
        setDesk(kept.value);
        const read = turnId === null ? null : await vault.request('chat.reread', { turnId });
        if (turnId !== null && read?.ok === true) setAnswer(reread(newAnswer(turnId), read.value));
      }
      loaded.current = true;
    })();
  }, [vault]);

  useEffect(() => {
    const timer = setTimeout(() => void save(), saveAfterMs);
    return () => {
      clearTimeout(timer);
    };
  }, [desk, save]);

  useEffect(
    () =>
      vault.onEvent((event) => {
        setAnswer((before) => (before === null ? null : assemble(before, event)));
        if (event.event === 'turn.ended') setError(event.end.error);
      }),
    [vault],
  );

  const gapIn = answer?.gap === true ? answer.turnId : null;
  useEffect(() => {
    if (gapIn === null) return;
    void vault.request('chat.reread', { turnId: gapIn }).then((read) => {
      if (read.ok) setAnswer((before) => (before?.turnId === gapIn ? reread(before, read.value) : before));
    });
  }, [vault, gapIn]);

  const change = (part: Partial<WorkspaceDraft>): void => {
    setDesk((before) => ({ ...before, ...part }));
  };

  return {
    desk,
    answer,
    acceptedEntry,
    error,
    draftText: desk.editedText ?? answer?.text ?? '',
    change(part) {
      if (part.editedText !== undefined) setAcceptedEntry(null);
      change(part);
    },
    async openFile(file) {
      setError(null);
      const text = await readTextFile(file);
      if (!text.ok) return setError(text.error);
      const recorded = await vault.request('source.recordOpened', {
        patientReference: latest.current.patientReference,
        fileName: file.name,
        text: text.value,
      });
      if (recorded.ok) change({ sourceText: text.value });
      else setError(recorded.error);
    },
    async write() {
      setError(null);
      const { patientReference, sourceText, taskId, question } = latest.current;
      const asked = taskId === 'free-question' ? question : '';
      const regenerates = answer?.end === null ? null : (answer?.turnId ?? null);
      const sent = await vault.request('chat.sendPrompt', {
        patientReference,
        sourceText,
        taskId,
        question: asked,
        regenerates,
      });
      if (!sent.ok) return setError(sent.error);
      setAcceptedEntry(null);
      setAnswer(newAnswer(sent.value.turnId));
      change({ turnId: sent.value.turnId, editedText: null });
    },
    async stop() {
      if (answer !== null) await vault.request('chat.stop', { turnId: answer.turnId });
    },
    async copy(text, fromDraft) {
      const failed = await recordedCopy(vault, fromDraft ? (answer?.turnId ?? null) : null, text);
      setError(failed);
      return failed === null;
    },
    async accept() {
      if (answer === null) return;
      const finalText = latest.current.editedText ?? answer.text;
      const accepted = await vault.request('note.accept', { turnId: answer.turnId, finalText });
      if (accepted.ok) setAcceptedEntry(accepted.value.entry);
      else setError(accepted.error);
    },
    async clear() {
      await vault.request('workspace.clearDraft', {});
      setDesk({ ...emptyDesk, taskId: latest.current.taskId });
      setAnswer(null);
      setAcceptedEntry(null);
      setError(null);
    },
  };
}
