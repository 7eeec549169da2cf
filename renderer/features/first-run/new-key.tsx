import { Printer, Usb } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { firstRunStrings as words } from '../../strings/first-run-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';
import { inGroups } from './setup-form.ts';

/** The recovery key, shown until it was proven. The print style sheet prints this sheet and nothing else. */
export function NewKey({ identity }: { readonly identity: string }): ReactNode {
  const { vault, shell } = useApp();
  const [saved, setSaved] = useState<string | null>(null);
  const [error, setError] = useState<AppError | null>(null);

  async function save(): Promise<void> {
    setError(null);
    const file = await shell.chooseSaveFile('recovery-key', 'cloister-recovery-key.txt');
    if (file === null) return;
    const result = await vault.request('setup.saveRecoveryKey', { identity, fileGrant: file.grant });
    if (result.ok) setSaved(result.value.fileName);
    else setError(result.error);
  }

  return (
    <section className="sheet" aria-label={words.newKey}>
      <h2>{words.newKey}</h2>
      <p>{words.newKeyDetail}</p>
      <p className="code key" data-testid="recovery-key-text">
        {inGroups(identity).map((group, index) => (
          // Groups of a fixed text never move.
          // oxlint-disable-next-line react/no-array-index-key
          <span key={index}>{group} </span>
        ))}
      </p>
      <div className="row start no-print">
        <Button onClick={() => void shell.print()}>
          <Printer aria-hidden="true" size={16} /> {words.print}
        </Button>
        <Button onClick={() => void save()}>
          <Usb aria-hidden="true" size={16} /> {words.save}
        </Button>
      </div>
      {saved !== null && <InfoMessage>{words.saved(saved)}</InfoMessage>}
      <ErrorMessage error={error} />
    </section>
  );
}
