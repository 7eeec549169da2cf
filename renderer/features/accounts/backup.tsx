import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { BackupSummary } from '../../../electron/shared/log-data.ts';
import { RetireDialog } from './retire.tsx';
import { Progress, timeForName, useProgress } from './backup-progress.tsx';
import { useApp } from '../../app/app-context.ts';
import { accountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { AttentionMessage, ErrorMessage } from '../../ui/message.tsx';

/** A copy of the whole record, encrypted as it is, for the day when this computer is gone. */
export function Backup(): ReactNode {
  const [open, setOpen] = useState<'backup' | 'retire' | null>(null);
  const close = (): void => {
    setOpen(null);
  };
  return (
    <section className="keys" aria-label={words.backupTitle}>
      <h2>{words.backupTitle}</h2>
      <div className="deed">
        <p className="quiet">{words.backupDetail}</p>
        <Button
          onClick={() => {
            setOpen('backup');
          }}
        >
          {words.backup}
        </Button>
      </div>
      <div className="deed">
        <p className="quiet">{words.retireDetail}</p>
        <Button
          onClick={() => {
            setOpen('retire');
          }}
        >
          {words.retire}
        </Button>
      </div>
      {open === 'backup' && <BackupDialog onClose={close} />}
      {open === 'retire' && <RetireDialog onClose={close} />}
    </section>
  );
}

function BackupDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { vault, shell } = useApp();
  const [fraction, setFraction] = useProgress();
  const [summary, setSummary] = useState<BackupSummary | null>(null);
  const [error, setError] = useState<AppError | null>(null);

  async function run(): Promise<void> {
    setError(null);
    const file = await shell.chooseSaveFile('backup', `cloister-backup_${timeForName()}`);
    if (file === null) return;
    setFraction(0);
    const result = await vault.request('backup.make', { fileGrant: file.grant });
    setFraction(null);
    if (result.ok) setSummary(result.value);
    else setError(result.error);
  }

  return (
    <Dialog title={words.backup} onClose={onClose}>
      {summary === null ? (
        <>
          <p>{words.backupExplanation}</p>
          <Progress fraction={fraction} />
        </>
      ) : (
        <Made summary={summary} />
      )}
      <ErrorMessage error={error} />
      <div className="row">
        <Button onClick={onClose} disabled={fraction !== null}>
          {words.close}
        </Button>
        {summary === null && (
          <Button kind="primary" onClick={() => void run()} disabled={fraction !== null}>
            {words.backupChoose}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

function Made({ summary }: { readonly summary: BackupSummary }): ReactNode {
  const { folderName, treeSize, checkpoint, isSameDisk } = summary;
  return (
    <>
      <p role="status">{words.backedUp(folderName, treeSize)}</p>
      {isSameDisk && <AttentionMessage>{words.backupSameDisk}</AttentionMessage>}
      <p className="label">{words.checkpoint}</p>
      <pre className="code checkpoint">{checkpoint}</pre>
    </>
  );
}
