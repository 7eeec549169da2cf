import { Check, CircleDashed } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { firstRunStrings as words } from '../../strings/first-run-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';
import { NewKey } from './new-key.tsx';
import { ProveKey } from './prove-key.tsx';
import { recoveryIsEnough, type RecoveryEntry, type SetupForm } from './setup-form.ts';

export function RecoveryStep(props: {
  readonly form: SetupForm;
  readonly change: (part: Partial<SetupForm>) => void;
  readonly onBack: () => void;
  readonly onNext: () => void;
}): ReactNode {
  const { vault } = useApp();
  const { form, change } = props;
  const [fresh, setFresh] = useState<{ readonly recipient: string; readonly identity: string } | null>(null);
  const [recipient, setRecipient] = useState('');
  const [error, setError] = useState<AppError | null>(null);
  const unproven = form.recovery.some((entry) => !entry.proven);
  const setEntries = (recovery: readonly RecoveryEntry[]): void => {
    change({ recovery });
  };

  async function create(): Promise<void> {
    setError(null);
    const result = await vault.request('setup.createRecoveryKey', {});
    if (!result.ok) return setError(result.error);
    setFresh(result.value);
    setEntries([...form.recovery, { recipient: result.value.recipient, proven: false }]);
  }
  async function add(): Promise<void> {
    setError(null);
    const result = await vault.request('setup.addRecoveryRecipient', { recipient: recipient.trim() });
    if (!result.ok) return setError(result.error);
    setEntries([...form.recovery, { recipient: recipient.trim(), proven: false }]);
    setRecipient('');
  }
  async function remove(gone: string): Promise<void> {
    await vault.request('setup.removeRecoveryRecipient', { recipient: gone });
    if (fresh?.recipient === gone) setFresh(null);
    setEntries(form.recovery.filter((entry) => entry.recipient !== gone));
  }
  function proven(known: string): void {
    if (fresh?.recipient === known) setFresh(null);
    setEntries(
      form.recovery.map((entry) => (entry.recipient === known ? { ...entry, proven: true } : entry)),
    );
  }

  return (
    <>
      <h1>{words.recoveryTitle}</h1>
      <p>{words.recoveryDetail}</p>
      <RecoveryList entries={form.recovery} onRemove={(gone) => void remove(gone)} />
      {fresh !== null && <NewKey identity={fresh.identity} />}
      {unproven && <ProveKey onProven={proven} />}
      <ErrorMessage error={error} />
      {!unproven && (
        <div className="row start">
          <Button kind={form.recovery.length < 2 ? 'primary' : 'secondary'} onClick={() => void create()}>
            {words.create}
          </Button>
        </div>
      )}
      {!unproven && (
        <details>
          <summary>{words.elsewhere}</summary>
          <Field label={words.recipient} value={recipient} onText={setRecipient} />
          <Button onClick={() => void add()} disabled={recipient.trim() === ''}>
            {words.add}
          </Button>
        </details>
      )}
      {form.recovery.length === 1 && !unproven && (
        <label className="choice attention">
          <input
            type="checkbox"
            checked={form.acceptSingleRecipient}
            onChange={(event) => {
              change({ acceptSingleRecipient: event.target.checked });
            }}
          />
          <span>
            {words.single}
            <small>{words.singleDetail}</small>
          </span>
        </label>
      )}
      <div className="row">
        <Button onClick={props.onBack}>{words.back}</Button>
        <Button kind="primary" onClick={props.onNext} disabled={!recoveryIsEnough(form)}>
          {words.next}
        </Button>
      </div>
    </>
  );
}

function RecoveryList(props: {
  readonly entries: readonly RecoveryEntry[];
  readonly onRemove: (recipient: string) => void;
}): ReactNode {
  if (props.entries.length === 0) return <p className="hint">{words.none}</p>;
  return (
    <ul className="recovery-list">
      {props.entries.map((entry, index) => (
        <li key={entry.recipient}>
          {entry.proven ? (
            <Check aria-hidden="true" size={18} />
          ) : (
            <CircleDashed aria-hidden="true" size={18} />
          )}
          <span>
            <strong>{words.key(index + 1)}</strong>
            <small className="code-inline">{`${entry.recipient.slice(0, 12)}…${entry.recipient.slice(-6)}`}</small>
          </span>
          <span className={entry.proven ? 'sign good' : 'sign attention'}>
            {entry.proven ? words.proven : words.notProven}
          </span>
          <Button
            kind="plain"
            aria-label={`${words.remove} ${words.key(index + 1)}`}
            onClick={() => {
              props.onRemove(entry.recipient);
            }}
          >
            {words.remove}
          </Button>
        </li>
      ))}
    </ul>
  );
}
