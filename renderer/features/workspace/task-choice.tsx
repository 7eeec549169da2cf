import { useId, type ReactNode } from 'react';
import { taskIdSchema, tasks } from '../../../electron/shared/tasks.ts';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import type { WorkspaceModel } from './use-workspace.ts';

export function TaskChoice({
  model,
  disabled,
}: {
  readonly model: WorkspaceModel;
  readonly disabled: boolean;
}): ReactNode {
  const id = useId();
  return (
    <>
      <fieldset className="tasks" disabled={disabled}>
        <legend>{words.task}</legend>
        {taskIdSchema.options.map((taskId) => (
          <label key={taskId} className="task">
            <input
              type="radio"
              name={`${id}-task`}
              aria-label={tasks[taskId].label}
              checked={model.desk.taskId === taskId}
              onChange={() => {
                model.change({ taskId });
              }}
            />
            <span>{tasks[taskId].label}</span>
          </label>
        ))}
      </fieldset>
      {tasks[model.desk.taskId].needsQuestion && (
        <div className="field">
          <label htmlFor={`${id}-question`}>{words.question}</label>
          <textarea
            autoComplete="off"
            id={`${id}-question`}
            rows={2}
            maxLength={4000}
            value={model.desk.question}
            spellCheck={false}
            disabled={disabled}
            onChange={(event) => {
              model.change({ question: event.target.value });
            }}
          />
        </div>
      )}
    </>
  );
}
