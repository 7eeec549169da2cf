import { Copy, Pencil, RotateCcw, Square } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage } from '../../ui/message.tsx';
import { DraftBody } from './draft-body.tsx';
import { TaskChoice } from './task-choice.tsx';
import { useApp } from '../../app/app-context.ts';
import type { WorkspaceModel } from './use-workspace.ts';

export function DraftPane(props: {
  readonly model: WorkspaceModel;
  readonly running: boolean;
  readonly onWrite: () => void;
}): ReactNode {
  const { model, running, onWrite } = props;
  const { state } = useApp();
  const [editing, setEditing] = useState(false);
  const missing = whatIsMissing(model);
  const ready = state.model.state === 'ready' && missing === null && !running;
  const ended = model.answer !== null && model.answer.end !== null;
  const usable = ended && model.draftText !== '';

  return (
    <section className="pane" aria-label={words.draft}>
      <TaskChoice model={model} disabled={running} />
      <div className="row start tight">
        {running ? (
          <Button onClick={() => void model.stop()} title="Esc">
            <Square aria-hidden="true" size={16} /> {words.stop}
          </Button>
        ) : (
          <Button
            kind={usable ? 'secondary' : 'primary'}
            title={words.writeKey}
            disabled={!ready}
            onClick={() => {
              setEditing(false);
              onWrite();
            }}
          >
            {usable && <RotateCcw aria-hidden="true" size={16} />} {usable ? words.regenerate : words.write}
          </Button>
        )}
        {missing !== null && <span className="hint">{missing}</span>}
      </div>
      <ErrorMessage error={model.error ?? (state.model.state === 'failed' ? state.model.error : null)} />
      <DraftBody model={model} running={running} editing={editing && ended} />
      <DraftFoot
        model={model}
        usable={usable}
        editing={editing}
        onEdit={() => {
          setEditing(!editing);
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

function whatIsMissing({ desk }: WorkspaceModel): string | null {
  if (desk.patientReference.trim() === '') return words.needPatient;
  if (desk.taskId === 'free-question') return desk.question.trim() === '' ? words.needQuestion : null;
  return desk.sourceText.trim() === '' ? words.needSource : null;
}
