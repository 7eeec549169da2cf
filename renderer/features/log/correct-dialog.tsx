import { useId, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { Entry } from '../../../electron/shared/ids.ts';
import { useApp } from '../../app/app-context.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

const shortest = 10;
const kinds = ['statement', 'patient'] as const;

/** What is wrong with an entry, as an entry of its own. */
export function CorrectDialog(props: {
  readonly entry: Entry;
  readonly onClose: () => void;
  readonly onCorrected: () => void;
}): ReactNode {
  const { vault } = useApp();
  const [kind, setKind] = useState<(typeof kinds)[number]>('statement');
  const [patientReference, setPatientReference] = useState('');
  const [correction, setCorrection] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const id = useId();
  const isWhole =
    correction.trim().length >= shortest && (kind === 'statement' || patientReference.trim() !== '');

  async function save(): Promise<void> {
    setBusy(true);
    const result = await vault.request('record.correct', {
      entry: props.entry,
      patientReference: kind === 'patient' ? patientReference : null,
      correction,
    });
    setBusy(false);
    if (result.ok) props.onCorrected();
    else setError(result.error);
  }

  return (
    <Dialog title={words.correct} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p>{words.correctDetail}</p>
        <fieldset className="plain">
          <legend className="label">{words.correctKind}</legend>
          {kinds.map((each) => (
            <label key={each} className="choice">
              <input
                type="radio"
                name={id}
                checked={kind === each}
                onChange={() => {
                  setKind(each);
                }}
              />
              <span>{words.correctKinds[each]}</span>
            </label>
          ))}
        </fieldset>
        {kind === 'patient' && (
          <Field
            label={words.correctPatient}
            value={patientReference}
            required
            maxLength={64}
            onText={setPatientReference}
          />
        )}
        <div className="field">
          <label htmlFor={`${id}-text`}>{words.correctText}</label>
          <p className="hint" id={`${id}-hint`}>
            {words.correctTextHint}
          </p>
          <textarea
            id={`${id}-text`}
            rows={4}
            maxLength={4000}
            value={correction}
            autoComplete="off"
            aria-describedby={`${id}-hint`}
            onChange={(event) => {
              setCorrection(event.target.value);
            }}
          />
        </div>
        <ErrorMessage error={error} />
        <div className="row">
          <Button onClick={props.onClose}>{words.cancel}</Button>
          <Button type="submit" kind="primary" disabled={busy || !isWhole}>
            {words.correctSave}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
