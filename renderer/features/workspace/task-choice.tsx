import { useId, type ReactNode } from 'react';
import { taskIdSchema, tasks } from '../../../electron/shared/tasks.ts';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import type { WorkspaceModel } from './use-workspace.ts';

const groups = [
  { label: words.asText, ids: taskIdSchema.options.filter((id) => tasks[id].structure === null) },
  { label: words.asTable, ids: taskIdSchema.options.filter((id) => tasks[id].structure !== null) },
];

export function TaskChoice({ model }: { readonly model: WorkspaceModel }): ReactNode {
  const id = useId();
  return (
    <>
      <fieldset className="tasks">
        <legend>{words.task}</legend>
        {groups.map((group) => (
          <div key={group.label} className="task-group" role="group" aria-label={group.label}>
            <span className="task-kind" aria-hidden="true">
              {group.label}
            </span>
            <div className="task-row">
              {group.ids.map((taskId) => (
                <label key={taskId} className="task" title={tasks[taskId].hint}>
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
            </div>
          </div>
        ))}
      </fieldset>
      {tasks[model.desk.taskId].needsQuestion && (
        <div className="field">
          <label htmlFor={`${id}-question`}>{words.question}</label>
          <textarea
            autoComplete="off"
            id={`${id}-question`}
            rows={2}
            value={model.desk.question}
            spellCheck={false}
            onChange={(event) => {
              model.change({ question: event.target.value });
            }}
          />
        </div>
      )}
    </>
  );
}
