import { Copy, Pencil } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { CoverageStep } from '../../../electron/shared/turn-contract.ts';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage } from '../../ui/message.tsx';
import { CoverageReceipt } from './coverage-receipt.tsx';
import { DraftBody } from './draft-body.tsx';
import { DraftStrip } from './draft-strip.tsx';
import { FollowUp } from './follow-up.tsx';
import { TaskChoice } from './task-choice.tsx';
import { WriteRow, type WriteHow } from './write-row.tsx';
import { useApp } from '../../app/app-context.ts';
import type { WorkspaceModel } from './use-workspace.ts';

export function DraftPane(props: {
  readonly model: WorkspaceModel;
  readonly onWrite: (how: WriteHow) => void;
  readonly onShowSource: (step: CoverageStep) => void;
}): ReactNode {
  const { model } = props;
  const { state } = useApp();
  /** The turn that is being edited. */
  const [editing, setEditing] = useState<string | null>(null);
  const { answer } = model;
  const ended = answer !== null && answer.end !== null;
  const usable = ended && model.draftText !== '';
  const coverage = answer?.end?.coverage ?? null;
  const isEditing = ended && editing === answer.turnId;

  return (
    <section className="pane" aria-label={words.draft}>
      <TaskChoice model={model} />
      <WriteRow
        model={model}
        onWrite={(how) => {
          setEditing(null);
          props.onWrite(how);
        }}
      />
      <ErrorMessage error={model.error ?? (state.model.state === 'failed' ? state.model.error : null)} />
      <DraftStrip model={model} />
      <DraftBody model={model} editing={isEditing} />
      {coverage !== null && (
        <CoverageReceipt
          coverage={coverage}
          sourceCharacters={model.desk.sourceText.length}
          onShow={props.onShowSource}
        />
      )}
      {usable && <FollowUp model={model} disabled={state.model.state !== 'ready'} />}
      <DraftFoot
        model={model}
        usable={usable}
        editing={isEditing}
        onEdit={() => {
          setEditing(isEditing ? null : (answer?.turnId ?? null));
        }}
      />
    </section>
  );
}

function DraftFoot(props: {
  readonly model: WorkspaceModel;
  readonly usable: boolean;
  readonly editing: boolean;
  readonly onEdit: () => void;
}): ReactNode {
  const { model, usable } = props;
  const [copied, setCopied] = useState<string | null>(null);
  return (
    <footer className="pane-foot">
      <Button disabled={!usable} onClick={props.onEdit} aria-pressed={props.editing}>
        <Pencil aria-hidden="true" size={16} /> {props.editing ? words.done : words.edit}
      </Button>
      <Button
        disabled={!usable}
        onClick={() => {
          const text = model.draftText;
          void model.copy(text, true).then((done) => {
            setCopied(done ? text : null);
          });
        }}
      >
        <Copy aria-hidden="true" size={16} /> {words.copy}
      </Button>
      <span className="quiet" role="status">
        {copied !== null && copied === model.draftText ? words.copied : ''}
      </span>
      <span className="spacer" />
      {model.acceptedEntry === null ? (
        <Button kind="primary" disabled={!usable} onClick={() => void model.accept()}>
          {words.accept}
        </Button>
      ) : (
        <span className="sign good" role="status">
          {words.accepted(model.acceptedEntry)}
        </span>
      )}
    </footer>
  );
}
