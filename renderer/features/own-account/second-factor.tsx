import { Printer } from 'lucide-react';
import { useEffect, useId, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { ownAccountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';
import { QrCode } from '../../ui/qr-code.tsx';

type Enrolment = { readonly uri: string; readonly key: string };

export function SetUpSecondFactor({ onDone }: { readonly onDone: () => void }): ReactNode {
  const { vault } = useApp();
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  useEffect(() => {
    void vault.request('account.startSecondFactor', {}).then((result) => {
      if (result.ok) setEnrolment(result.value);
      else setError(result.error);
    });
  }, [vault]);

  async function confirm(code: string): Promise<void> {
    const result = await vault.request('account.confirmSecondFactor', { code });
    setError(result.ok ? null : result.error);
    if (result.ok) setCodes(result.value.codes);
  }

  if (codes !== null) return <RecoveryCodes codes={codes} button={words.close} onKept={onDone} />;
  return (
    <>
      {enrolment !== null && <SecondFactorKey enrolment={enrolment} />}
      <CodeForm
        label={words.confirm}
        button={words.confirmButton}
        error={error}
        onCode={(code) => void confirm(code)}
        onCancel={onDone}
      />
    </>
  );
}

/** What the authenticator app needs: the picture, and the same for typing. */
export function SecondFactorKey({ enrolment }: { readonly enrolment: Enrolment }): ReactNode {
  return (
    <>
      <p>{words.scan}</p>
      <QrCode text={enrolment.uri} label={words.scan} />
      <p className="label">{words.orType}</p>
      <p className="code" data-testid="second-factor-key">
        {enrolment.key}
      </p>
    </>
  );
}

/** Shown once; printed by the sheet's style. */
export function RecoveryCodes(props: {
  readonly codes: readonly string[];
  readonly button: string;
  readonly onKept: () => void;
}): ReactNode {
  const { shell } = useApp();
  const [kept, setKept] = useState(false);
  const id = useId();
  return (
    <>
      <section className="sheet" aria-label={words.codes}>
        <h3>{words.codes}</h3>
        <p>{words.codesDetail}</p>
        <ul className="code recovery-codes" data-testid="recovery-codes">
          {props.codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
      </section>
      <Button onClick={() => void shell.print()}>
        <Printer aria-hidden="true" size={16} /> {words.print}
      </Button>
      <label className="choice" htmlFor={id}>
        <input
          id={id}
          type="checkbox"
          checked={kept}
          onChange={(event) => {
            setKept(event.target.checked);
          }}
        />
        <span>{words.codesKept}</span>
      </label>
      <div className="row">
        <Button kind="primary" disabled={!kept} onClick={props.onKept}>
          {props.button}
        </Button>
      </div>
    </>
  );
}

export function RemoveSecondFactor({ onDone }: { readonly onDone: () => void }): ReactNode {
  const { vault } = useApp();
  const [error, setError] = useState<AppError | null>(null);
  async function remove(code: string): Promise<void> {
    const result = await vault.request('account.removeSecondFactor', { code });
    if (result.ok) onDone();
    else setError(result.error);
  }
  return (
    <CodeForm
      label={words.removeField}
      button={words.remove}
      error={error}
      onCode={(code) => void remove(code)}
      onCancel={onDone}
    />
  );
}

function CodeForm(props: {
  readonly label: string;
  readonly button: string;
  readonly error: AppError | null;
  readonly onCode: (code: string) => void;
  readonly onCancel: () => void;
}): ReactNode {
  const [code, setCode] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.onCode(code);
        setCode('');
      }}
    >
      <Field label={props.label} value={code} required autoFocus maxLength={64} onText={setCode} />
      <ErrorMessage error={props.error} />
      <div className="row">
        <Button onClick={props.onCancel}>{words.cancel}</Button>
        <Button kind="primary" type="submit" disabled={code.trim() === ''}>
          {props.button}
        </Button>
      </div>
    </form>
  );
}
