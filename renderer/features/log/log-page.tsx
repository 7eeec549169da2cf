import { Siren } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { LogRecord, LogRow, Verification } from '../../../electron/shared/log-data.ts';
import type { Entry } from '../../../electron/shared/ids.ts';
import { useApp } from '../../app/app-context.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';
import { BreakGlass } from './break-glass.tsx';
import { ExportDialog } from './export-dialog.tsx';
import { LogFilters } from './log-filters.tsx';
import { LogTable } from './log-table.tsx';
import { RecordPanel } from './record-panel.tsx';
import { useLog } from './use-log.ts';

const details = {
  clinician: words.detailClinician,
  auditor: words.detailAuditor,
  'it-admin': words.detailAdministrator,
  'sole-practitioner': words.detailAuditor,
} as const;

export function LogPage(): ReactNode {
  const { vault, state } = useApp();
  const log = useLog();
  const [record, setRecord] = useState<LogRecord | null>(null);
  const [checked, setChecked] = useState<Verification | 'running' | null>(null);
  const [exporting, setExporting] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const [broken, setBroken] = useState<string | null>(null);
  const [breaking, setBreaking] = useState(false);
  const role = state.user?.role;

  async function open(entry: Entry): Promise<void> {
    const result = await vault.request('log.open', { entry });
    setError(result.ok ? null : result.error);
    if (result.ok) setRecord(result.value);
  }
  async function check(): Promise<void> {
    setChecked('running');
    const result = await vault.request('log.verify', {});
    setChecked(result.ok ? result.value : null);
    setError(result.ok ? null : result.error);
  }

  return (
    <main className="log-page">
      <header className="page-head">
        <div>
          <h1>{words.title}</h1>
          <p className="quiet">{details[role ?? 'clinician']}</p>
        </div>
        <span className="spacer" />
        <Button onClick={() => void check()} disabled={checked === 'running'}>
          {checked === 'running' ? words.checking : words.check}
        </Button>
        {role === 'clinician' && state.policy.recordVisibility === 'own' && (
          <Button
            onClick={() => {
              setBreaking(true);
            }}
          >
            <Siren aria-hidden="true" size={16} /> {words.breakGlass}
          </Button>
        )}
        {role !== 'clinician' && (
          <Button
            kind="primary"
            onClick={() => {
              setExporting(true);
            }}
          >
            {words.exportTitle}
          </Button>
        )}
      </header>
      {broken !== null && (
        <p className="message attention" role="status">
          {words.breakGlassActive(broken)}
        </p>
      )}
      <CheckResult checked={checked} />
      <ErrorMessage error={error ?? log.error} />
      <div className="log-columns" data-open={record !== null}>
        <section className="log-list" aria-label={words.title}>
          <LogFilters log={log} />
          <LogTable
            log={log}
            opened={record?.row.entry ?? null}
            withPatients={role !== 'it-admin'}
            onOpen={(row: LogRow) => void open(row.entry)}
          />
        </section>
        {record !== null && (
          <RecordPanel
            record={record}
            onOpen={(entry) => void open(entry)}
            onClose={() => {
              setRecord(null);
            }}
          />
        )}
      </div>
      {breaking && (
        <BreakGlass
          onClose={() => {
            setBreaking(false);
          }}
          onOpened={(patientReference) => {
            setBreaking(false);
            setBroken(patientReference);
            log.setFilter({ userId: null, type: null, patientReference });
          }}
        />
      )}
      {exporting && (
        <ExportDialog
          onClose={() => {
            setExporting(false);
          }}
        />
      )}
    </main>
  );
}

function CheckResult({ checked }: { readonly checked: Verification | 'running' | null }): ReactNode {
  if (checked === null || checked === 'running') return null;
  if (checked.consistent)
    return <InfoMessage>{words.consistent(checked.treeSize, checked.elapsedMs)}</InfoMessage>;
  return (
    <p className="message harm" role="alert">
      {words.inconsistent(checked.firstBadEntry)}
    </p>
  );
}
