import { RotateCcw, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import { tasks } from '../../../electron/shared/tasks.ts';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { Button } from '../../ui/button.tsx';
import { useApp } from '../../app/app-context.ts';
import { isRunning } from './draft-assembly.ts';
import type { WorkspaceModel } from './use-workspace.ts';

export type WriteHow = { readonly again: boolean; readonly inParts: boolean };

/** What can be begun now: a draft, the same one again, or the stop of one that is being written. */
export function WriteRow(props: {
  readonly model: WorkspaceModel;
  readonly onWrite: (how: WriteHow) => void;
}): ReactNode {
  const { model, onWrite } = props;
  const { state } = useApp();
  const { answer, source } = model;
  const missing = whatIsMissing(model);
  const ready = state.model.state === 'ready' && missing === null;
  const again = canWriteAgain(model);
  const isShownRunning = isRunning(answer);
  const parts = source.fit?.parts ?? 1;
  const isTooLong = doesNotFit(model);
  const asked = isAskedFor(model);

  return (
    <>
      <div className="row start tight">
        {isShownRunning && answer !== null && (
          <Button onClick={() => void model.stop(answer.turnId)} title="Esc">
            <Square aria-hidden="true" size={16} /> {answer.waiting > 0 ? words.callOff : words.stop}
          </Button>
        )}
        {isTooLong && parts > 1 && !asked && (
          <Button
            kind="primary"
            disabled={!ready}
            onClick={() => {
              onWrite({ again, inParts: true });
            }}
          >
            {words.writeInParts(parts)}
          </Button>
        )}
        {!asked && !(again && isTooLong) && (
          <Button
            kind={again || isTooLong || isShownRunning ? 'secondary' : 'primary'}
            title={words.writeKey}
            disabled={!ready}
            onClick={() => {
              onWrite({ again, inParts: false });
            }}
          >
            {again && <RotateCcw aria-hidden="true" size={16} />} {again ? words.regenerate : words.write}
          </Button>
        )}
        {missing !== null && <span className="hint">{missing}</span>}
      </div>
      {isTooLong && (
        <p className="message notice" role="status">
          {parts > 1
            ? words.tooLongParts(source.fit?.overWords ?? 0, parts)
            : words.tooLong(source.fit?.overWords ?? 0)}
        </p>
      )}
    </>
  );
}

/** What the keys begin: what the button that goes without parts would; null where there is none, or it waits for something. */
export function writeByKey(model: WorkspaceModel): WriteHow | null {
  const again = canWriteAgain(model);
  if (whatIsMissing(model) !== null || isAskedFor(model) || (again && doesNotFit(model))) return null;
  return { again, inParts: false };
}

function doesNotFit({ source }: WorkspaceModel): boolean {
  return (source.fit?.overWords ?? 0) > 0;
}

/** This very task is being written, or waits. */
function isAskedFor(model: WorkspaceModel): boolean {
  return model.answers.some((each) => isRunning(each) && isSameTask(model, each));
}

/** The draft in the pane has ended, and the chosen task is its own: then it is replaced. */
function canWriteAgain(model: WorkspaceModel): boolean {
  const { answer } = model;
  if (answer === null || answer.end === null || model.draftText === '') return false;
  return answer.follows !== null || isSameTask(model, answer);
}

function isSameTask({ desk }: WorkspaceModel, answer: NonNullable<WorkspaceModel['answer']>): boolean {
  if (answer.follows !== null || answer.taskId !== desk.taskId) return false;
  return !tasks[desk.taskId].needsQuestion || answer.question === desk.question;
}

function whatIsMissing({ desk }: WorkspaceModel): string | null {
  if (desk.patientReference.trim() === '') return words.needPatient;
  if (desk.taskId === 'free-question') return desk.question.trim() === '' ? words.needQuestion : null;
  return desk.sourceText.trim() === '' ? words.needSource : null;
}
