import { useId, useState, type ReactNode } from 'react';
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
      {state.user?.role !== 'clinician' && (
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
      {state.user?.role !== 'it-admin' && <PatientFilter log={log} />}
      <span className="spacer" />
      {log.newer > 0 && (
        <Button kind="plain" onClick={() => void log.reload()}>
          {words.newer(log.newer)}
        </Button>
      )}
    </div>
  );
}

/** Asked for when it was typed to its end: each look is an entry of the record. */
function PatientFilter({ log }: { readonly log: LogModel }): ReactNode {
  const id = useId();
  const [typed, setTyped] = useState(log.filter.patientReference ?? '');
  const [applied, setApplied] = useState(log.filter.patientReference);
  if (applied !== log.filter.patientReference) {
    setApplied(log.filter.patientReference);
    setTyped(log.filter.patientReference ?? '');
  }
  return (
    <form
      className="filters-patient"
      onSubmit={(event) => {
        event.preventDefault();
        const reference = typed.trim();
        log.setFilter({ ...log.filter, patientReference: reference === '' ? null : reference });
      }}
    >
      <label htmlFor={id}>{words.patient}</label>
      <input
        id={id}
        value={typed}
        maxLength={64}
        placeholder={words.everyPatient}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setTyped(event.target.value);
        }}
      />
      <Button type="submit">{words.show}</Button>
    </form>
  );
}
