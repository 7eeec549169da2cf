import { useEffect, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { RequestOutput } from '../../../electron/shared/contract.ts';
import { useApp } from '../../app/app-context.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorMessage } from '../../ui/message.tsx';
import { localDate } from './local-time.ts';

type Due = NonNullable<RequestOutput<'retention.get'>['due']>;

/** How long texts are kept, and where so much is due at once that somebody has to look first, that. */
export function RetentionNotice({ version }: { readonly version: number }): ReactNode {
  const { vault, state } = useApp();
  const [retention, setRetention] = useState<RequestOutput<'retention.get'> | null>(null);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    let wanted = true;
    void vault.request('retention.get', {}).then((result) => {
      if (wanted && result.ok) setRetention(result.value);
    });
    return () => {
      wanted = false;
    };
  }, [vault, version]);
  if (retention === null) return null;
  const { due } = retention;
  const mayConfirm = state.user?.role === 'it-admin' || state.user?.role === 'sole-practitioner';
  if (due === null || !due.needsConfirmation)
    return (
      <p className="quiet retention">
        {retention.legalHold ? words.retentionHold : words.retentionRule(retention.years)}
      </p>
    );
  return (
    <div className="message attention retention" role="status">
      <p>{words.retentionDue(due.entries, localDate(due.oldestAt), localDate(due.before))}</p>
      {mayConfirm && (
        <Button
          onClick={() => {
            setAsking(true);
          }}
        >
          {words.retentionConfirm}
        </Button>
      )}
      {asking && (
        <Confirm
          due={due}
          years={retention.years}
          onDone={(after) => {
            if (after !== null) setRetention(after);
            setAsking(false);
          }}
        />
      )}
    </div>
  );
}

function Confirm(props: {
  readonly due: Due;
  readonly years: number;
  /** Null: nothing was done. */
  readonly onDone: (after: RequestOutput<'retention.get'> | null) => void;
}): ReactNode {
  const { vault } = useApp();
  const { due, years, onDone } = props;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);

  async function confirm(): Promise<void> {
    setBusy(true);
    const result = await vault.request('retention.confirm', {});
    setBusy(false);
    if (result.ok) onDone(result.value);
    else setError(result.error);
  }

  return (
    <Dialog
      title={words.retentionConfirm}
      onClose={() => {
        onDone(null);
      }}
    >
      <p>{words.retentionAsk(due.entries, localDate(due.oldestAt), localDate(due.before), years)}</p>
      <p>{words.retentionKept}</p>
      <ErrorMessage error={error} />
      <div className="row">
        <Button
          disabled={busy}
          onClick={() => {
            onDone(null);
          }}
        >
          {words.cancel}
        </Button>
        <Button className="harm" disabled={busy} onClick={() => void confirm()}>
          {words.retentionDelete}
        </Button>
      </div>
    </Dialog>
  );
}
