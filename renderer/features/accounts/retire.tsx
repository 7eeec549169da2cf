import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { accountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { AttentionMessage, ErrorMessage } from '../../ui/message.tsx';
import { Progress, timeForName, useProgress } from './backup-progress.tsx';

/** The last backup, the certificate, and the end of the keys on this computer. */
export function RetireDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { vault, shell } = useApp();
  const [fraction, setFraction] = useProgress();
  const [passphrase, setPassphrase] = useState('');
  const [error, setError] = useState<AppError | null>(null);

  async function retire(): Promise<void> {
    setError(null);
    const folder = await shell.chooseSaveFile('backup', `cloister-retired_${timeForName()}`);
    if (folder === null) return;
    setFraction(0);
    const result = await vault.request('installation.decommission', { passphrase, fileGrant: folder.grant });
    setPassphrase('');
    setFraction(null);
    // The vault that did it is gone, often before its answer arrives; then the first screen is here.
    if (!result.ok && result.error.code !== 'vault-stopped') setError(result.error);
  }

  return (
    <Dialog title={words.retire} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void retire();
        }}
      >
        <p>{words.retireWhat}</p>
        <ol>
          {words.retireSteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <AttentionMessage>{words.retireKeep}</AttentionMessage>
        <Field
          label={words.retirePassphrase}
          type="password"
          value={passphrase}
          required
          maxLength={1024}
          disabled={fraction !== null}
          onText={setPassphrase}
        />
        <Progress fraction={fraction} />
        <ErrorMessage error={error} />
        <div className="row">
          <Button onClick={onClose} disabled={fraction !== null}>
            {words.cancel}
          </Button>
          <Button kind="primary" type="submit" disabled={passphrase === '' || fraction !== null}>
            {words.retireChoose}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
