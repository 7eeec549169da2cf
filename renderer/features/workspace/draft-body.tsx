import type { ClipboardEvent, ReactNode } from 'react';
import { tasks } from '../../../electron/shared/tasks.ts';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { isRunning, type Answer } from './draft-assembly.ts';
import { DraftTable } from './draft-table.tsx';
import { GrowingText } from './growing-text.tsx';
import { copyFromField, selectedText } from './recorded-copy.ts';
import { readRows } from './structured-answer.ts';
import { useSilence } from './use-silence.ts';
import type { WorkspaceModel } from './use-workspace.ts';

/** The draft itself: streaming, to be read, or to be edited. */
export function DraftBody(props: { readonly model: WorkspaceModel; readonly editing: boolean }): ReactNode {
  const { model, editing } = props;
  const { answer } = model;
  const running = isRunning(answer);
  const silentMs = useSilence(answer);

  function onCopy(event: ClipboardEvent): void {
    const text = selectedText(event.target);
    event.preventDefault();
    if (text !== '') void model.copy(text, !running);
  }

  if (answer === null) {
    return (
      <div className="text empty">
        <p>{words.emptyDraft}</p>
        <p className="quiet">{words.emptyDraftDetail}</p>
      </div>
    );
  }
  if (editing) {
    return (
      <textarea
        id="draft-panel"
        autoComplete="off"
        className="text"
        aria-label={words.editing}
        value={model.draftText}
        spellCheck={false}
        onCopy={onCopy}
        onCut={(event) => {
          copyFromField(event, (text) => model.copy(text, true), model.edit);
        }}
        onChange={(event) => {
          model.edit(event.target.value);
        }}
      />
    );
  }
  const unfinished = answer.end !== null && answer.end.outcome !== 'completed';
  return (
    <div
      id="draft-panel"
      className="text"
      role="region"
      aria-label={words.draftBody}
      tabIndex={0}
      onCopy={onCopy}
    >
      {unfinished && <span className="sign attention">{words.unfinished}</span>}
      <DraftContent model={model} answer={answer} />
      <p
        className={silentMs !== null || answer.end?.reason === 'answer-limit' ? 'message attention' : 'hint'}
        role="status"
      >
        {silentMs === null ? statusOf(answer) : words.silent(silentMs)}
      </p>
    </div>
  );
}

function DraftContent({
  model,
  answer,
}: {
  readonly model: WorkspaceModel;
  readonly answer: Answer;
}): ReactNode {
  const { taskId, follows, turnId, text } = answer;
  const { structure, label } = tasks[taskId];
  const running = isRunning(answer);
  const isEdited = model.desk.edits[turnId] !== undefined;
  const table = structure === null || follows !== null || isEdited ? null : readRows(structure, text);
  const isTable = structure !== null && table !== null;
  return (
    <>
      {isTable && <DraftTable id={structure} label={label} rows={table.rows} running={running} />}
      {isTable && structure === 'icd10-candidates' && (
        <p className="message attention">{words.codesToCheck}</p>
      )}
      {isTable && !table.isWhole && !running && <p className="message attention">{words.lastRowLost}</p>}
      {structure !== null && table === null && !isEdited && follows === null && !running && text !== '' && (
        <p className="message attention">{words.notATable}</p>
      )}
      {(!isTable || (!table.isWhole && !running)) && (
        <GrowingText
          text={isTable ? text.slice(text.lastIndexOf('{')) : model.draftText}
          growing={running && answer.waiting === 0}
        />
      )}
    </>
  );
}

/** Said once for each stage and not for each word, so that a screen reader can follow. */
function statusOf(answer: Answer): string {
  const { reading, waiting, end } = answer;
  if (end === null && waiting > 0) return words.waiting(waiting);
  if (end === null && reading !== null) {
    const percent = Math.round(reading.fraction * 100);
    if (reading.joining) return words.joining(percent);
    return reading.of > 1 ? words.readingPart(reading.step, reading.of, percent) : words.reading(percent);
  }
  if (end === null) return words.writing;
  if (end.outcome !== 'completed') return '';
  const parts = end.coverage?.steps.filter(({ kind }) => kind === 'part').length ?? 0;
  const outcome = end.reason === 'answer-limit' ? words.limit : words.complete;
  return parts > 0 ? `${words.joined(parts)} ${outcome}` : outcome;
}
