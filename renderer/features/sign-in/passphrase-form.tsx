import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { AccountTile, SignInStep } from '../../../electron/shared/session-contract.ts';
import { useApp } from '../../app/app-context.ts';
import { signInStrings as words } from '../../strings/sign-in-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

export function PassphraseForm(props: {
  readonly user: AccountTile;
  readonly onStep: (step: SignInStep) => void;
}): ReactNode {
  const { vault } = useApp();
  const { user } = props;
  const [passphrase, setPassphrase] = useState('');
  const [capsLock, setCapsLock] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const isCode = user.state === 'enrolling';
  const field = useRef<HTMLInputElement>(null);
  // The button took the focus and went grey: whoever types it again must not have to find the field first.
  useEffect(() => {
    if (error !== null) field.current?.focus();
  }, [error]);

  async function submit(): Promise<void> {
    setBusy(true);
    setError(null);
    const result = await vault.request('session.signIn', { userId: user.userId, passphrase });
    setPassphrase('');
    setBusy(false);
    if (result.ok) props.onStep(result.value);
    else setError(result.error);
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field
        ref={field}
        label={isCode ? words.oneTimeCode : words.passphrase}
        {...(isCode ? { hint: words.oneTimeCodeHint } : {})}
        type={isCode ? 'text' : 'password'}
        value={passphrase}
        onText={setPassphrase}
        onKeyDown={(event) => {
          setCapsLock(event.getModifierState('CapsLock'));
        }}
        autoFocus
        required
      />
      {capsLock && !isCode && (
        <p className="message attention" role="status">
          {words.capsLock}
        </p>
      )}
      <ErrorMessage error={error} />
      <Button kind="primary" type="submit" disabled={busy || passphrase === ''}>
        {busy ? words.opening : words.signIn}
      </Button>
    </form>
  );
}
