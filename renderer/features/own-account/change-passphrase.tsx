import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { ownAccountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { InfoMessage } from '../../ui/message.tsx';
import { NewPassphrase } from '../../ui/new-passphrase.tsx';

export function ChangePassphrase({ onDone }: { readonly onDone: () => void }): ReactNode {
  const { vault, state } = useApp();
  const [current, setCurrent] = useState('');
  const [busy, setBusy] = useState(false);
  const [changed, setChanged] = useState(false);
  const [error, setError] = useState<AppError | null>(null);

  async function change(passphrase: string): Promise<void> {
    setBusy(true);
    const result = await vault.request('account.changePassphrase', { current, passphrase });
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
    <>
      <Field label={words.current} type="password" value={current} required onText={setCurrent} />
      <NewPassphrase
        personal={[state.user?.displayName ?? '', state.organisation ?? '']}
        button={words.change}
        busy={busy}
        error={error}
        onChosen={(passphrase) => void change(passphrase)}
        onCancel={onDone}
      />
    </>
  );
}
