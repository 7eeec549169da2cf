import type { ReactNode } from 'react';
import apache from '../../../models/licences/Apache-2.0.txt?raw';
import mit from '../../../models/licences/MIT.txt?raw';
import { modelStrings as words } from '../../strings/model-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';

const texts: Readonly<Record<string, string>> = { 'Apache-2.0': apache, MIT: mit };

/** The words that a model may be used under, also where there is no network to look them up. */
export function LicenceDialog(props: { readonly licence: string; readonly onClose: () => void }): ReactNode {
  const text = texts[props.licence];
  return (
    <Dialog title={props.licence} onClose={props.onClose}>
      {text === undefined ? (
        <p>{words.licenceElsewhere}</p>
      ) : (
        <pre className="licence" tabIndex={0}>
          {text}
        </pre>
      )}
      <div className="row end">
        <Button onClick={props.onClose}>{words.close}</Button>
      </div>
    </Dialog>
  );
}
