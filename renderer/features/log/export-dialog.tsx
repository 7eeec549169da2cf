import { useState, type ReactNode } from 'react';
import type { ExportSummary } from '../../../electron/shared/log-data.ts';
import { useApp } from '../../app/app-context.ts';
import { exportStrings as words } from '../../strings/export-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';
import { firstChoice, recipientsOf, selectionOf, suggestedName } from './export-choice.ts';
import { RecipientsField, SelectionChoice, TextChoice } from './export-choices.tsx';
import { useExport, type Export } from './use-export.ts';

export function ExportDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { state } = useApp();
  const role = state.user?.role;
  const mayIncludeText =
    role === 'sole-practitioner' || (role === 'auditor' && state.policy.auditorReadsText);
  const [choice, setChoice] = useState(firstChoice);
  const { progress, run, stop } = useExport();
  const selection = selectionOf(choice);
  const choices = {
    choice,
    onChange: (change: Partial<typeof choice>) => {
      setChoice({ ...choice, ...change });
    },
  };

  function begin(): void {
    if (selection === null) return;
    const { clinicalText } = choice;
    void run(
      { clinicalText, selection, recipients: recipientsOf(choice) },
      suggestedName(choice, new Date()),
    );
  }

  if (progress.state === 'running')
    return (
      <Dialog title={words.title} onClose={() => void stop()}>
        <Running progress={progress} onStop={() => void stop()} />
      </Dialog>
    );
  if (progress.state === 'done')
    return (
      <Dialog title={words.title} onClose={onClose}>
        <Done summary={progress.summary} />
        <div className="row">
          <Button onClick={onClose}>{words.close}</Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          begin();
        }}
      >
        <p>{words.detail}</p>
        <SelectionChoice {...choices} />
        {mayIncludeText ? <TextChoice {...choices} /> : <p>{words.withoutText}</p>}
        <RecipientsField {...choices} />
        <Failure error={progress.error} />
        <div className="row">
          <Button onClick={onClose}>{words.close}</Button>
          <Button type="submit" kind="primary" disabled={selection === null}>
            {words.choose}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Running(props: {
  readonly progress: Extract<Export, { state: 'running' }>;
  readonly onStop: () => void;
}): ReactNode {
  const { fraction, isStopping } = props.progress;
  const percent = Math.round(fraction * 100);
  return (
    <>
      <p role="status" className="figures">
        {isStopping ? words.stopping : words.writing}
      </p>
      <div className="export-progress">
        <progress value={fraction} max={1} aria-label={words.writing} />
        <span className="figures">{words.percent(percent)}</span>
      </div>
      <div className="row">
        <Button onClick={props.onStop} disabled={isStopping}>
          {words.stop}
        </Button>
      </div>
    </>
  );
}

function Done({ summary }: { readonly summary: ExportSummary }): ReactNode {
  return (
    <>
      <p role="status">{words.exported(summary)}</p>
      {summary.encrypted && <p>{words.encrypted}</p>}
      <p className="label">{words.fingerprint}</p>
      <p className="code">{summary.keyFingerprint}</p>
    </>
  );
}

/** What somebody stopped on purpose is no failure. */
function Failure({ error }: Pick<Extract<Export, { state: 'choosing' }>, 'error'>): ReactNode {
  if (error?.code === 'cancelled') return <InfoMessage>{error.message}</InfoMessage>;
  return <ErrorMessage error={error} />;
}
