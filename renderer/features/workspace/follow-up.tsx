import { useId, type ReactNode } from 'react';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { Button } from '../../ui/button.tsx';
import type { WorkspaceModel } from './use-workspace.ts';

/** A further question about the draft in the pane; its answer is a draft of its own. */
export function FollowUp({
  model,
  disabled,
}: {
  readonly model: WorkspaceModel;
  readonly disabled: boolean;
}): ReactNode {
  const id = useId();
  const isEmpty = model.desk.followUp.trim() === '';
  return (
    <form
      className="follow-up"
      onSubmit={(event) => {
        event.preventDefault();
        if (!disabled && !isEmpty) void model.askFurther();
      }}
    >
      <label className="visually-hidden" htmlFor={id}>
        {words.followUp}
      </label>
      <input
        id={id}
        value={model.desk.followUp}
        placeholder={words.followUp}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          model.change({ followUp: event.target.value });
        }}
      />
      <Button type="submit" disabled={disabled || isEmpty}>
        {words.ask}
      </Button>
    </form>
  );
}
