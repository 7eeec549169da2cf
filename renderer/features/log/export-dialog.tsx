import { useEffect, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { ExportSummary } from '../../../electron/shared/log-data.ts';
import { useApp } from '../../app/app-context.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

export function ExportDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { vault, shell, state } = useApp();
  const mayIncludeText = state.user?.role !== 'auditor' || state.policy.auditorReadsText;
  const [clinicalText, setClinicalText] = useState<'withheld' | 'included'>('withheld');
  const [fraction, setFraction] = useState<number | null>(null);
  const [summary, setSummary] = useState<ExportSummary | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  useEffect(
    () =>
      vault.onEvent((event) => {
        if (event.event === 'export.progress') setFraction(event.fraction);
      }),
    [vault],
  );

  async function run(): Promise<void> {
    setError(null);
    const day = new Date().toISOString().slice(0, 10);
    const file = await shell.chooseSaveFile('audit-bundle', `cloister-audit_${day}.zip`);
    if (file === null) return;
    setFraction(0);
    const result = await vault.request('log.export', { clinicalText, fileGrant: file.grant });
    setFraction(null);
    if (result.ok) setSummary(result.value);
    else setError(result.error);
  }

  return (
    <Dialog title={words.exportTitle} onClose={onClose}>
      {summary === null ? (
        <>
          <p>{words.exportDetail}</p>
          {mayIncludeText && <TextChoice value={clinicalText} onChange={setClinicalText} />}
          {fraction !== null && (
            <p role="status">
              <progress value={fraction} max={1} /> {words.exporting(Math.round(fraction * 100))}
            </p>
          )}
        </>
      ) : (
        <>
          <p role="status">{words.exported(summary.fileName, summary.treeSize)}</p>
          <p className="label">{words.fingerprint}</p>
          <p className="code">{summary.keyFingerprint}</p>
        </>
      )}
      <ErrorMessage error={error} />
      <div className="row">
        <Button onClick={onClose} disabled={fraction !== null}>
          {words.close}
        </Button>
        {summary === null && (
          <Button kind="primary" onClick={() => void run()} disabled={fraction !== null}>
            {words.choose}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

function TextChoice(props: {
  readonly value: 'withheld' | 'included';
  readonly onChange: (value: 'withheld' | 'included') => void;
}): ReactNode {
  const choices = [
    { value: 'withheld', label: words.withheld, detail: words.withheldDetail },
    { value: 'included', label: words.included, detail: words.includedDetail },
  ] as const;
  return (
    <>
      {choices.map((choice) => (
        <label key={choice.value} className={choice.value === 'included' ? 'choice attention' : 'choice'}>
          <input
            type="radio"
            name="clinical-text"
            aria-label={choice.label}
            checked={props.value === choice.value}
            onChange={() => {
              props.onChange(choice.value);
            }}
          />
          <span>
            {choice.label}
            <small>{choice.detail}</small>
          </span>
        </label>
      ))}
    </>
  );
}
