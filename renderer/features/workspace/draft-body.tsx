import type { ClipboardEvent, ReactNode } from 'react';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { selectedText } from './recorded-copy.ts';
import type { WorkspaceModel } from './use-workspace.ts';

/** The draft itself: streaming, to be read, or to be edited. */
export function DraftBody(props: {
  readonly model: WorkspaceModel;
  readonly running: boolean;
  readonly editing: boolean;
}): ReactNode {
  const { model, running, editing } = props;
  const { answer } = model;

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
        autoComplete="off"
        className="text"
        aria-label={words.editing}
        value={model.draftText}
        spellCheck={false}
        maxLength={400_000}
        onCopy={onCopy}
        onCut={onCopy}
        onChange={(event) => {
          model.change({ editedText: event.target.value });
        }}
      />
    );
  }
  const unfinished = answer.end !== null && answer.end.outcome !== 'completed';
  return (
    <div className="text" role="region" aria-label={words.draft} tabIndex={0} onCopy={onCopy}>
      {unfinished && <span className="sign attention">{words.unfinished}</span>}
      <p className="draft-text" data-testid="draft-text" data-running={running}>
        {model.draftText}
      </p>
      <p className={answer.end?.reason === 'answer-limit' ? 'message attention' : 'hint'} role="status">
        {statusOf(model, running)}
      </p>
    </div>
  );
}

/** Said once for each stage and not for each word, so that a screen reader can follow. */
function statusOf({ answer }: WorkspaceModel, running: boolean): string {
  if (answer === null) return '';
  if (running && answer.readFraction !== null) return words.reading(Math.round(answer.readFraction * 100));
  if (running) return words.writing;
  if (answer.end?.reason === 'answer-limit') return words.limit;
  return answer.end?.outcome === 'completed' ? words.complete : '';
}
