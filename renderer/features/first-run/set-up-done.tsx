import { Printer } from 'lucide-react';
import type { ReactNode } from 'react';
import { useApp } from '../../app/app-context.ts';
import { firstRunStrings as words } from '../../strings/first-run-strings.ts';
import { Button } from '../../ui/button.tsx';

/** What an auditor needs from this computer, on a sheet of its own. */
export function SetUpDone(props: {
  readonly fingerprint: string;
  readonly onContinue: () => void;
}): ReactNode {
  const { shell } = useApp();
  return (
    <main className="centre">
      <section className="card">
        <h1>{words.doneTitle}</h1>
        <p>{words.doneDetail}</p>
        <section className="sheet" aria-label={words.fingerprint}>
          <p className="label">{words.fingerprint}</p>
          <p className="code" data-testid="fingerprint">
            {props.fingerprint}
          </p>
        </section>
        <div className="row">
          <Button onClick={() => void shell.print()}>
            <Printer aria-hidden="true" size={16} /> {words.print}
          </Button>
          <Button kind="primary" onClick={props.onContinue}>
            {words.goToSignIn}
          </Button>
        </div>
      </section>
    </main>
  );
}
