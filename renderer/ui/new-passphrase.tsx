import { useState, type ReactNode } from 'react';
import { appError, type AppError } from '../../electron/shared/app-error.ts';
import { passphraseStrings as words } from '../strings/passphrase-strings.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import { ErrorMessage } from './message.tsx';
import { StrengthMeter } from './strength-meter.tsx';

/** A passphrase that is being chosen: typed twice, with its strength. Whether it is taken is the vault's to say. */
export function NewPassphrase(props: {
  readonly personal: readonly string[];
  readonly button: string;
  readonly busy: boolean;
  readonly error: AppError | null;
  readonly onChosen: (passphrase: string) => void;
  readonly onCancel: () => void;
}): ReactNode {
  const [passphrase, setPassphrase] = useState('');
  const [repeated, setRepeated] = useState('');
  const [problem, setProblem] = useState<AppError | null>(null);

  function submit(): void {
    if (passphrase === repeated) {
      setProblem(null);
      props.onChosen(passphrase);
    } else {
      setProblem(appError('invalid-input', words.differs));
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Field
        label={words.next}
        hint={words.hint}
        type="password"
        value={passphrase}
        required
        autoFocus
        onText={setPassphrase}
      />
      <StrengthMeter passphrase={passphrase} personal={props.personal} />
      <Field label={words.repeat} type="password" value={repeated} required onText={setRepeated} />
      <ErrorMessage error={problem ?? props.error} />
      <div className="row">
        <Button onClick={props.onCancel} disabled={props.busy}>
          {words.cancel}
        </Button>
        <Button kind="primary" type="submit" disabled={props.busy || passphrase === ''}>
          {props.busy ? words.saving : props.button}
        </Button>
      </div>
    </form>
  );
}
