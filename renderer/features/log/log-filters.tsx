import { useId, useState, type ReactNode } from 'react';
import { leafOutcomeSchema } from '../../../electron/shared/log-data.ts';
import { logEventTypeSchema } from '../../../electron/shared/log-event-types.ts';
import { useApp } from '../../app/app-context.ts';
import { eventNames, outcomeNames } from '../../../electron/shared/event-names.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import { everything, type LogModel } from './use-log.ts';

export function LogFilters({ log }: { readonly log: LogModel }): ReactNode {
  const { state } = useApp();
  const { filter, setFilter } = log;
  const isFiltered = Object.values(filter).some((value) => value !== null);
  return (
    <div className="filters">
      {state.user?.role !== 'clinician' && (
        <Choice
          label={words.user}
          all={words.everyone}
          value={filter.userId}
          choices={state.users.map((user) => ({ value: user.userId, name: user.displayName }))}
          onChoice={(userId) => {
            setFilter({ userId });
          }}
        />
      )}
      <Choice
        label={words.type}
        all={words.everything}
        value={filter.type}
        choices={logEventTypeSchema.options.map((value) => ({ value, name: eventNames[value] }))}
        onChoice={(type) => {
          setFilter({ type });
        }}
      />
      <Choice
        label={words.outcome}
        all={words.anyOutcome}
        value={filter.outcome}
        choices={leafOutcomeSchema.options.map((value) => ({ value, name: outcomeNames[value] ?? value }))}
        onChoice={(outcome) => {
          setFilter({ outcome });
        }}
      />
      <Choice
        label={words.model}
        all={words.anyModel}
        value={filter.model}
        choices={log.models.map((value) => ({ value, name: value }))}
        onChoice={(model) => {
          setFilter({ model });
        }}
      />
      <Day
        label={words.from}
        value={filter.from}
        max={filter.to}
        onDay={(from) => {
          setFilter({ from });
        }}
      />
      <Day
        label={words.to}
        value={filter.to}
        min={filter.from}
        onDay={(to) => {
          setFilter({ to });
        }}
      />
      {state.user?.role !== 'it-admin' && <PatientFilter log={log} />}
      {isFiltered && (
        <Button
          kind="plain"
          onClick={() => {
            setFilter(everything);
          }}
        >
          {words.clear}
        </Button>
      )}
      <span className="spacer" />
      {log.newer > 0 && (
        <Button kind="plain" onClick={log.reload}>
          {words.newer(log.newer)}
        </Button>
      )}
    </div>
  );
}

function Choice<T extends string>(props: {
  readonly label: string;
  readonly all: string;
  readonly value: T | null;
  readonly choices: readonly { readonly value: T; readonly name: string }[];
  readonly onChoice: (value: T | null) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className="filter">
      <label htmlFor={id}>{props.label}</label>
      <select
        id={id}
        value={props.value ?? ''}
        onChange={(event) => {
          const choice = props.choices.find(({ value }) => value === event.target.value);
          props.onChoice(choice?.value ?? null);
        }}
      >
        <option value="">{props.all}</option>
        {props.choices.map(({ value, name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A date that is still being typed is none yet: the field tells of whole ones only. */
function Day(props: {
  readonly label: string;
  readonly value: string | null;
  readonly min?: string | null;
  readonly max?: string | null;
  readonly onDay: (day: string | null) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className="filter">
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        type="date"
        value={props.value ?? ''}
        min={props.min ?? '2000-01-01'}
        max={props.max ?? '9999-12-31'}
        onChange={(event) => {
          const day = event.target.value;
          props.onDay(/^[12]\d{3}-/.test(day) ? day : null);
        }}
      />
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
      className="filter"
      onSubmit={(event) => {
        event.preventDefault();
        const reference = typed.trim();
        log.setFilter({ patientReference: reference === '' ? null : reference });
      }}
    >
      <label htmlFor={id}>{words.patient}</label>
      <span className="filter-with-button">
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
      </span>
    </form>
  );
}
