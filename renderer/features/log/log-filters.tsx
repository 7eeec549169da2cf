import { useId, type ReactNode } from 'react';
import { logEventTypeSchema } from '../../../electron/shared/log-event-types.ts';
import { useApp } from '../../app/app-context.ts';
import { eventNames, logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import type { LogModel } from './use-log.ts';

export function LogFilters({ log }: { readonly log: LogModel }): ReactNode {
  const { state } = useApp();
  const id = useId();
  return (
    <div className="filters">
      {state.user?.role === 'it-admin' && (
        <>
          <label htmlFor={`${id}-user`}>{words.user}</label>
          <select
            id={`${id}-user`}
            value={log.filter.userId ?? ''}
            onChange={(event) => {
              const user = state.users.find((candidate) => candidate.userId === event.target.value);
              log.setFilter({ ...log.filter, userId: user?.userId ?? null });
            }}
          >
            <option value="">{words.everyone}</option>
            {state.users.map((user) => (
              <option key={user.userId} value={user.userId}>
                {user.displayName}
              </option>
            ))}
          </select>
        </>
      )}
      <label htmlFor={`${id}-type`}>{words.type}</label>
      <select
        id={`${id}-type`}
        value={log.filter.type ?? ''}
        onChange={(event) => {
          const type = logEventTypeSchema.safeParse(event.target.value);
          log.setFilter({ ...log.filter, type: type.success ? type.data : null });
        }}
      >
        <option value="">{words.everything}</option>
        {logEventTypeSchema.options.map((type) => (
          <option key={type} value={type}>
            {eventNames[type]}
          </option>
        ))}
      </select>
      <span className="spacer" />
      {log.newer > 0 && (
        <Button kind="plain" onClick={() => void log.reload()}>
          {words.newer(log.newer)}
        </Button>
      )}
    </div>
  );
}
