import { FileCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Coverage, CoverageStep } from '../../../electron/shared/turn-contract.ts';
import { receiptStrings as words } from '../../strings/receipt-strings.ts';
import { Button } from '../../ui/button.tsx';

/** Which characters of the source the model read, and in which step: said before anybody accepts the draft. */
export function CoverageReceipt(props: {
  readonly coverage: Coverage;
  /** Of the source as it stands on the desk. */
  readonly sourceCharacters: number;
  readonly onShow: (step: CoverageStep) => void;
}): ReactNode {
  const { coverage, sourceCharacters } = props;
  const { steps, characters } = coverage;
  const parts = steps.filter(({ kind }) => kind === 'part');
  const isSame = sourceCharacters === characters;
  return (
    <details className="receipt">
      <summary>
        <FileCheck aria-hidden="true" size={16} />
        <span>{summaryOf(coverage)}</span>
      </summary>
      {!isSame && <p className="hint">{words.changed}</p>}
      <ol>
        {steps.map((step) => (
          <li key={step.entry}>
            <span className="figures">{words.step(step, parts.indexOf(step) + 1, parts.length)}</span>
            {step.atLimit && <span className="sign attention">{words.atLimit}</span>}
            {!step.complete && <span className="sign attention">{words.incomplete}</span>}
            {isSame && step.kind !== 'merge' && (
              <Button
                kind="plain"
                onClick={() => {
                  props.onShow(step);
                }}
              >
                {words.show}
              </Button>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}

function summaryOf({ characters, steps }: Coverage): string {
  const parts = steps.filter(({ kind }) => kind === 'part');
  if (steps.some(({ complete }) => !complete)) return words.notAll(characters);
  const covered = (parts.length === 0 ? steps : parts).reduce((sum, { from, to }) => sum + to - from, 0);
  if (covered < characters) return words.some(covered, characters);
  if (parts.length > 0)
    return words.allInParts(characters, parts.length, parts.filter(({ atLimit }) => atLimit).length);
  return words.all(characters);
}
