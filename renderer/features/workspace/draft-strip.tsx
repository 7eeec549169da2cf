import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import { tasks } from '../../../electron/shared/tasks.ts';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import type { Answer } from './draft-assembly.ts';
import type { WorkspaceModel } from './use-workspace.ts';

/** The drafts about this source, as tabs: arrow keys go from one to the next. */
export function DraftStrip({ model }: { readonly model: WorkspaceModel }): ReactNode {
  const { answers, answer, desk } = model;
  const list = useRef<HTMLDivElement>(null);
  if (answers.length === 0) return null;

  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = answers.findIndex(({ turnId }) => turnId === answer?.turnId);
    const next = answers[(at + step + answers.length) % answers.length];
    if (next === undefined) return;
    model.show(next.turnId);
    list.current?.querySelectorAll('button').item(answers.indexOf(next)).focus();
  }

  return (
    <div ref={list} className="draft-strip" role="tablist" aria-label={words.drafts} onKeyDown={onKeyDown}>
      {answers.map((each) => (
        <button
          key={each.turnId}
          type="button"
          role="tab"
          className="draft-tab"
          aria-selected={each.turnId === answer?.turnId}
          aria-controls="draft-panel"
          tabIndex={each.turnId === answer?.turnId ? 0 : -1}
          onClick={() => {
            model.show(each.turnId);
          }}
        >
          <span className="draft-name">{nameOf(each)}</span>
          <span className="draft-state" data-state={stateOf(each)}>
            {each.turnId in desk.accepted ? words.states.accepted : words.states[stateOf(each)](each.waiting)}
          </span>
        </button>
      ))}
    </div>
  );
}

/** A further question is named by its words, in the vault's screen only: they are clinical text. */
function nameOf({ taskId, follows, question }: Answer): string {
  if (follows === null && question === '') return tasks[taskId].label;
  return question.length > 28 ? `${question.slice(0, 27).trimEnd()}…` : question;
}

function stateOf({ end, waiting }: Answer): 'waiting' | 'writing' | 'done' | 'unfinished' {
  if (end === null) return waiting > 0 ? 'waiting' : 'writing';
  return end.outcome === 'completed' ? 'done' : 'unfinished';
}
