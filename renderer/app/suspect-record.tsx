import type { ReactNode } from 'react';
import { ShieldAlert } from 'lucide-react';
import type { Suspicion } from '../../electron/shared/log-data.ts';
import { suspicionStrings as words } from '../strings/app-strings.ts';
import { Button } from '../ui/button.tsx';

/** Somebody with the keys set this record back or wrote it anew: said in red, over everything, to whoever signs in. */
export function SuspectRecord(props: {
  readonly suspicion: Suspicion;
  /** Only for those who can do something about it; a clinician signs out. */
  readonly onExamine: (() => void) | null;
  readonly onSignOut: () => void;
}): ReactNode {
  const { kind, anchorSize, treeSize } = props.suspicion;
  return (
    <div className="overlay suspect" role="alertdialog" aria-labelledby="suspect-title">
      <section className="card">
        <h1 id="suspect-title">
          <ShieldAlert aria-hidden="true" size={28} /> {words.title[kind]}
        </h1>
        <p>{words.finding[kind](anchorSize, treeSize)}</p>
        <p>
          <strong>{words.clinician}</strong>
        </p>
        <p>{words.it}</p>
        <ol>
          {words.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <div className="row">
          {props.onExamine !== null && <Button onClick={props.onExamine}>{words.examine}</Button>}
          <Button kind="primary" onClick={props.onSignOut}>
            {words.signOut}
          </Button>
        </div>
      </section>
    </div>
  );
}
