import { useState, type ReactNode } from 'react';
import { appError, type AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { ownAccountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';

export function ChangePassphrase({ onDone }: { readonly onDone: () => void }): ReactNode {
  const { vault } = useApp();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [repeated, setRepeated] = useState('');
  const [busy, setBusy] = useState(false);
  const [changed, setChanged] = useState(false);
  const [error, setError] = useState<AppError | null>(null);

  async function change(): Promise<void> {
    if (next !== repeated) {
      setError(appError('invalid-input', words.differs));
      return;
    }
    setBusy(true);
    const result = await vault.request('account.changePassphrase', { current, passphrase: next });
    setBusy(false);
    setError(result.ok ? null : result.error);
    setChanged(result.ok);
  }

  if (changed) {
    return (
      <>
        <InfoMessage>{words.changed}</InfoMessage>
        <div className="row">
          <Button kind="primary" onClick={onDone}>
            {words.close}
          </Button>
        </div>
      </>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void change();
      }}
    >
      <Field label={words.current} type="password" value={current} required autoFocus onText={setCurrent} />
      <Field label={words.next} type="password" value={next} required onText={setNext} />
      <Field label={words.repeat} type="password" value={repeated} required onText={setRepeated} />
      <ErrorMessage error={error} />
      <div className="row">
        <Button onClick={onDone} disabled={busy}>
          {words.cancel}
        </Button>
        <Button kind="primary" type="submit" disabled={busy}>
          {words.change}
        </Button>
      </div>
    </form>
  );
}
