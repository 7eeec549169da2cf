import { useId, type ReactNode } from 'react';
import { useApp } from '../../app/app-context.ts';
import { exportStrings as words } from '../../strings/export-strings.ts';
import { Field } from '../../ui/field.tsx';
import type { ExportChoice } from './export-choice.ts';

type Props = {
  readonly choice: ExportChoice;
  readonly onChange: (change: Partial<ExportChoice>) => void;
};

/** What goes into the file. IT is told no patients, so it cannot choose by one. */
export function SelectionChoice({ choice, onChange }: Props): ReactNode {
  const { state } = useApp();
  const id = useId();
  const ways = (['everything', 'days', 'entries', 'patient', 'user'] as const).filter(
    (by) => by !== 'patient' || state.user?.role !== 'it-admin',
  );
  return (
    <>
      <div className="field">
        <label htmlFor={id}>{words.what}</label>
        <select
          id={id}
          value={choice.by}
          onChange={(event) => {
            const by = ways.find((way) => way === event.target.value);
            if (by !== undefined) onChange({ by });
          }}
        >
          {ways.map((by) => (
            <option key={by} value={by}>
              {words.ways[by]}
            </option>
          ))}
        </select>
      </div>
      <SelectionFields choice={choice} onChange={onChange} />
      {choice.by !== 'everything' && <p className="hint export-hint">{words.extractDetail}</p>}
    </>
  );
}

function SelectionFields({ choice, onChange }: Props): ReactNode {
  switch (choice.by) {
    case 'everything':
      return null;
    case 'days':
      return (
        <div className="pair">
          <Field
            label={words.from}
            type="date"
            value={choice.fromDay}
            max={choice.toDay === '' ? '9999-12-31' : choice.toDay}
            onText={(fromDay) => {
              onChange({ fromDay });
            }}
          />
          <Field
            label={words.to}
            type="date"
            value={choice.toDay}
            min={choice.fromDay === '' ? '2000-01-01' : choice.fromDay}
            max="9999-12-31"
            onText={(toDay) => {
              onChange({ toDay });
            }}
          />
        </div>
      );
    case 'entries':
      return (
        <div className="pair">
          <Field
            label={words.firstEntry}
            inputMode="numeric"
            value={choice.firstEntry}
            onText={(firstEntry) => {
              onChange({ firstEntry });
            }}
          />
          <Field
            label={words.lastEntry}
            inputMode="numeric"
            value={choice.lastEntry}
            onText={(lastEntry) => {
              onChange({ lastEntry });
            }}
          />
        </div>
      );
    case 'patient':
      return (
        <Field
          label={words.patient}
          hint={words.patientHint}
          value={choice.patientReference}
          maxLength={64}
          onText={(patientReference) => {
            onChange({ patientReference });
          }}
        />
      );
    case 'user':
      return <UserChoice choice={choice} onChange={onChange} />;
  }
}

function UserChoice({ choice, onChange }: Props): ReactNode {
  const { state } = useApp();
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{words.user}</label>
      <select
        id={id}
        value={choice.userId}
        onChange={(event) => {
          onChange({ userId: event.target.value });
        }}
      >
        <option value="">{words.chooseUser}</option>
        {state.users.map(({ userId, displayName }) => (
          <option key={userId} value={userId}>
            {displayName}
          </option>
        ))}
      </select>
    </div>
  );
}

export function TextChoice({ choice, onChange }: Props): ReactNode {
  return (
    <div role="radiogroup" aria-label={words.clinicalText}>
      {(['withheld', 'included'] as const).map((value) => (
        <label key={value} className={value === 'included' ? 'choice attention' : 'choice'}>
          <input
            type="radio"
            name="clinical-text"
            aria-label={words[value]}
            checked={choice.clinicalText === value}
            onChange={() => {
              onChange({ clinicalText: value });
            }}
          />
          <span>
            {words[value]}
            <small>{words.details[value]}</small>
          </span>
        </label>
      ))}
    </div>
  );
}

export function RecipientsField({ choice, onChange }: Props): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{words.recipients}</label>
      <p className="hint" id={`${id}-hint`}>
        {words.recipientsHint}
      </p>
      <textarea
        id={id}
        className="code-lines"
        rows={2}
        maxLength={1600}
        value={choice.recipients}
        placeholder="age1…"
        autoComplete="off"
        spellCheck={false}
        aria-describedby={`${id}-hint`}
        onChange={(event) => {
          onChange({ recipients: event.target.value });
        }}
      />
    </div>
  );
}
