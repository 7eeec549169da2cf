import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { signInStrings as words } from '../../strings/sign-in-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

const digits = 6;

/** Six digits go off by themselves; a recovery code stands in for a lost phone. */
export function FactorForm(props: {
  readonly busy: boolean;
  readonly error: AppError | null;
  /** Whether a recovery code may be given instead. */
  readonly recoveryCodes: boolean;
  readonly onCode: (code: string) => void;
  readonly onCancel: () => void;
}): ReactNode {
  const [kind, setKind] = useState<'app' | 'recovery-code'>('app');
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const { error } = props;
  useEffect(() => {
    if (error !== null) field.current?.focus();
  }, [error]);

  function submit(typed: string): void {
    if (props.busy) return;
    setCode('');
    props.onCode(typed);
  }
  function type(text: string): void {
    setCode(text);
    if (kind === 'app' && text.replace(/\D/g, '').length === digits) submit(text);
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit(code);
      }}
    >
      <p>{kind === 'app' ? words.factorDetail : words.factorCodeDetail}</p>
      <Field
        key={kind}
        ref={field}
        label={kind === 'app' ? words.factorField : words.factorCode}
        inputMode={kind === 'app' ? 'numeric' : 'text'}
        value={code}
        maxLength={64}
        required
        autoFocus
        onText={type}
      />
      <ErrorMessage error={error} />
      <div className="row">
        {props.recoveryCodes && (
          <>
            <Button
              kind="plain"
              onClick={() => {
                setCode('');
                setKind(kind === 'app' ? 'recovery-code' : 'app');
              }}
            >
              {kind === 'app' ? words.useCode : words.useApp}
            </Button>
            <span className="spacer" />
          </>
        )}
        <Button onClick={props.onCancel} disabled={props.busy}>
          {words.cancel}
        </Button>
        <Button kind="primary" type="submit" disabled={props.busy || code.trim() === ''}>
          {props.busy ? words.opening : words.goOn}
        </Button>
      </div>
    </form>
  );
}
