import { useCallback, useEffect, useRef, useState } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { WorkspaceDraft } from '../../../electron/shared/turn-contract.ts';
import { useApp } from '../../app/app-context.ts';

/** Longest time that typed text stays unsaved. */
const saveAfterMs = 800;

export const emptyDesk: WorkspaceDraft = {
  patientReference: '',
  sourceText: '',
  taskId: 'soap-note',
  question: '',
  turnId: null,
  editedText: null,
  turnIds: [],
  edits: {},
  accepted: {},
  followUp: '',
};

export type DeskModel = {
  readonly desk: WorkspaceDraft;
  /** The desk as it is now, also for what was begun before. */
  latest(): WorkspaceDraft;
  change(part: Partial<WorkspaceDraft> | ((before: WorkspaceDraft) => Partial<WorkspaceDraft>)): void;
  replace(desk: WorkspaceDraft): void;
};

/** What stands on the desk, kept in the vault as it is typed. */
export function useDesk(
  onSaveReady: (save: () => Promise<void>) => void,
  onLoaded: (desk: WorkspaceDraft) => void,
  onSaveFailed: (error: AppError) => void,
): DeskModel {
  const { vault } = useApp();
  const [desk, setDesk] = useState(emptyDesk);
  const loaded = useRef(false);
  const latest = useRef(desk);
  useEffect(() => {
    latest.current = desk;
  }, [desk]);

  const save = useCallback(async () => {
    if (!loaded.current) return;
    const saved = await vault.request('workspace.saveDraft', latest.current);
    if (!saved.ok) onSaveFailed(saved.error);
  }, [vault, onSaveFailed]);
  useEffect(() => {
    onSaveReady(save);
  }, [onSaveReady, save]);

  const tell = useRef(onLoaded);
  useEffect(() => {
    void (async () => {
      const kept = await vault.request('workspace.getDraft', {});
      if (kept.ok && kept.value !== null) {
        const known = withOwnEdits(kept.value);
        setDesk(known);
        tell.current(known);
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

  return {
    desk,
    latest: () => latest.current,
    change(part) {
      setDesk((before) => ({ ...before, ...(typeof part === 'function' ? part(before) : part) }));
    },
    replace: setDesk,
  };
}

/** A draft that was stored when only one was kept. */
function withOwnEdits(desk: WorkspaceDraft): WorkspaceDraft {
  const { turnId, editedText, turnIds, edits } = desk;
  if (turnId === null) return desk;
  return {
    ...desk,
    editedText: null,
    turnIds: turnIds.includes(turnId) ? turnIds : [...turnIds, turnId],
    edits: editedText === null ? edits : { ...edits, [turnId]: editedText },
  };
}
