import { Siren } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { RequestOutput } from '../../../electron/shared/contract.ts';
import type { LogRecord, LogRow, Verification } from '../../../electron/shared/log-data.ts';
import type { Entry } from '../../../electron/shared/ids.ts';
import { useApp } from '../../app/app-context.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';
import { BreakGlass } from './break-glass.tsx';
import { CorrectDialog } from './correct-dialog.tsx';
import { ExportDialog } from './export-dialog.tsx';
import { LogDigest } from './log-digest.tsx';
import { LogFilters } from './log-filters.tsx';
import { LogSearch } from './log-search.tsx';
import { LogTable } from './log-table.tsx';
import { RecordPanel } from './record-panel.tsx';
import { RetentionNotice } from './retention-notice.tsx';
import { ReviewDialog } from './review-dialog.tsx';
import { everything, useLog } from './use-log.ts';

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
  const [reviewing, setReviewing] = useState<number | null>(null);
  const [reviewed, setReviewed] = useState<RequestOutput<'log.review'> | null>(null);
  const [correcting, setCorrecting] = useState(false);
  const [version, setVersion] = useState(0);
  const role = state.user?.role;
  const mayReadText = role !== 'it-admin' && (role !== 'auditor' || state.policy.auditorReadsText);

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
            disabled={log.rows.length === 0}
            onClick={() => {
              setReviewing(Math.max(...log.rows.map(({ row }) => row.entry)));
            }}
          >
            {words.review}
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
      {reviewed !== null && (
        <InfoMessage>{words.reviewDone(reviewed.from, reviewed.to, reviewed.entry)}</InfoMessage>
      )}
      <ErrorMessage error={error ?? log.error} />
      {role !== 'clinician' && <LogDigest version={version} />}
      {role !== 'clinician' && <RetentionNotice version={version} />}
      {log.earlierEntries > 0 && <InfoMessage>{words.earlierEntries(log.earlierEntries)}</InfoMessage>}
      <div className="log-columns" data-open={record !== null}>
        <section className="log-list" aria-label={words.title}>
          {mayReadText && <LogSearch log={log} />}
          <LogFilters log={log} />
          <LogTable
            log={log}
            opened={record?.row.entry ?? null}
            withPatients={role !== 'it-admin'}
            withReviews={role !== 'clinician'}
            onOpen={(row: LogRow) => void open(row.entry)}
          />
        </section>
        {record !== null && (
          <RecordPanel
            record={record}
            onOpen={(entry) => void open(entry)}
            onCorrect={() => {
              setCorrecting(true);
            }}
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
            log.setFilter({ ...everything, patientReference });
          }}
        />
      )}
      {correcting && record !== null && (
        <CorrectDialog
          entry={record.row.entry}
          onClose={() => {
            setCorrecting(false);
          }}
          onCorrected={() => {
            setCorrecting(false);
            void open(record.row.entry);
          }}
        />
      )}
      {exporting && (
        <ExportDialog
          onClose={() => {
            setExporting(false);
            setVersion(version + 1);
          }}
        />
      )}
      {reviewing !== null && (
        <ReviewDialog
          newest={reviewing}
          onClose={() => {
            setReviewing(null);
          }}
          onReviewed={(review) => {
            setReviewing(null);
            setReviewed(review);
            setVersion(version + 1);
            log.reload();
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
      {checked.problem !== null && ` ${words.finding(checked.problem)}`}
    </p>
  );
}
