import { useId, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

const shortestReason = 10;

/** Emergency access: said plainly what it does before it is done. */
export function BreakGlass(props: {
  readonly onClose: () => void;
  readonly onOpened: (patientReference: string) => void;
}): ReactNode {
  const { vault } = useApp();
  const [patientReference, setPatientReference] = useState('');
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const id = useId();

  async function open(): Promise<void> {
    setBusy(true);
    const result = await vault.request('log.breakGlass', { patientReference, reason });
    setBusy(false);
    if (result.ok) props.onOpened(patientReference.trim());
    else setError(result.error);
  }

  return (
    <Dialog title={words.breakGlass} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void open();
        }}
      >
        <p className="message attention">{words.breakGlassDetail}</p>
        <Field
          label={words.breakGlassPatient}
          value={patientReference}
          required
          autoFocus
          maxLength={64}
          onText={setPatientReference}
        />
        <div className="field">
          <label htmlFor={id}>{words.breakGlassReason}</label>
          <p className="hint" id={`${id}-hint`}>
            {words.breakGlassReasonHint}
          </p>
          <textarea
            autoComplete="off"
            id={id}
            rows={3}
            maxLength={500}
            value={reason}
            aria-describedby={`${id}-hint`}
            onChange={(event) => {
              setReason(event.target.value);
            }}
          />
        </div>
        <ErrorMessage error={error} />
        <div className="row">
          <Button onClick={props.onClose}>{words.cancel}</Button>
          <Button
            type="submit"
            className="attention"
            disabled={busy || patientReference.trim() === '' || reason.trim().length < shortestReason}
          >
            {words.breakGlassOpen}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
