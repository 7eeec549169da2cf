import { Printer } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { useApp } from '../../app/app-context.ts';
import { accountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';

/** A code that is shown once. It goes only after somebody said that it was kept. */
export function OneTimeCode(props: {
  readonly name: string;
  readonly code: string;
  readonly onDone: () => void;
}): ReactNode {
  const { shell } = useApp();
  const [kept, setKept] = useState(false);
  const id = useId();
  return (
    <Dialog title={words.codeTitle(props.name)} onClose={() => undefined}>
      <section className="sheet" aria-label={words.codeTitle(props.name)}>
        <p className="code key" data-testid="one-time-code">
          {props.code}
        </p>
        <p>{words.codeHandOver}</p>
      </section>
      <Button onClick={() => void shell.print()}>
        <Printer aria-hidden="true" size={16} /> {words.print}
      </Button>
      <label className="choice" htmlFor={id}>
        <input
          id={id}
          type="checkbox"
          checked={kept}
          onChange={(event) => {
            setKept(event.target.checked);
          }}
        />
        <span>{words.kept}</span>
      </label>
      <div className="row">
        <Button kind="primary" disabled={!kept} onClick={props.onDone}>
          {words.done}
        </Button>
      </div>
    </Dialog>
  );
}
