import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { firstRunStrings as words } from '../../strings/first-run-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

/** A key counts after it has opened the sealed keys once, typed back from where it is kept. */
export function ProveKey({ onProven }: { readonly onProven: (recipient: string) => void }): ReactNode {
  const { vault } = useApp();
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<AppError | null>(null);

  async function check(identity: string): Promise<void> {
    setError(null);
    const result = await vault.request('setup.proveRecoveryKey', { identity });
    if (!result.ok) return setError(result.error);
    setTyped('');
    onProven(result.value.recipient);
  }

  /** A key file has a few lines; what is larger or cannot be read is no key, and the vault says so in its words. */
  async function checkFile(file: File): Promise<void> {
    const text = file.size < 400 ? await file.text().catch(() => '') : '';
    await check(text);
  }

  return (
    <form
      className="no-print"
      onSubmit={(event) => {
        event.preventDefault();
        void check(typed);
      }}
    >
      <Field label={words.prove} value={typed} onText={setTyped} />
      <div className="row start">
        <Button kind="primary" type="submit" disabled={typed.trim() === ''}>
          {words.check}
        </Button>
        <label className="button plain file-button">
          {words.proveFile}
          <input
            type="file"
            accept=".txt"
            aria-label={words.proveFile}
            onChange={(event) => {
              const file = event.target.files?.item(0);
              event.target.value = '';
              if (file !== null && file !== undefined) void checkFile(file);
            }}
          />
        </label>
      </div>
      <ErrorMessage error={error} />
    </form>
  );
}
