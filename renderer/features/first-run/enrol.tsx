import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { AppState } from '../../../electron/shared/contract.ts';
import { useApp } from '../../app/app-context.ts';
import { StartNotices } from '../../app/notices.tsx';
import { firstRunStrings as words } from '../../strings/first-run-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

/** IT has prepared this computer: one button, and everybody begins with a one-time code. */
export function Enrol(props: {
  readonly provisioning: NonNullable<AppState['provisioning']>;
  readonly onEnrolled: (fingerprint: string) => void;
}): ReactNode {
  const { vault } = useApp();
  const { organisation, people, recoveryKeys } = props.provisioning;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);

  async function enrol(): Promise<void> {
    setBusy(true);
    const result = await vault.request('setup.enrol', {});
    setBusy(false);
    if (result.ok) props.onEnrolled(result.value.keyFingerprint);
    else setError(result.error);
  }

  return (
    <main className="centre">
      <section className="card">
        <h1>{words.enrolTitle(organisation)}</h1>
        <StartNotices />
        <p>{words.enrolDetail}</p>
        <dl className="facts">
          <dt>{words.enrolPeople}</dt>
          <dd>{people}</dd>
          <dt>{words.enrolRecovery}</dt>
          <dd>{recoveryKeys}</dd>
        </dl>
        <ErrorMessage error={error} />
        <div className="row">
          <Button kind="primary" autoFocus disabled={busy} onClick={() => void enrol()}>
            {words.enrol}
          </Button>
        </div>
      </section>
    </main>
  );
}
