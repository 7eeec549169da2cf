import { RotateCcw } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { VaultEvent } from '../../../electron/shared/contract.ts';
import type { Entry, TurnId } from '../../../electron/shared/ids.ts';
import { useApp } from '../../app/app-context.ts';
import { replayStrings as words } from '../../strings/replay-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

type Comparison = NonNullable<Extract<VaultEvent, { event: 'answer.replayed' }>['comparison']>;
type Running = { readonly turnId: TurnId; readonly readFraction: number };

/** An answer is written again from its record: would the model say the same? */
export function Replay({ entry }: { readonly entry: Entry }): ReactNode {
  const { vault } = useApp();
  const [running, setRunning] = useState<Running | null>(null);
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const [error, setError] = useState<AppError | null>(null);

  useEffect(
    () =>
      vault.onEvent((event) => {
        if (event.event !== 'answer.replayed' && event.event !== 'turn.reading') return;
        setRunning((before) => {
          if (before?.turnId !== event.turnId) return before;
          return event.event === 'turn.reading' ? { ...before, readFraction: event.fraction } : null;
        });
        if (event.event !== 'answer.replayed') return;
        setComparison(event.comparison);
        setError(event.error);
      }),
    [vault],
  );

  async function begin(): Promise<void> {
    setError(null);
    setComparison(null);
    const begun = await vault.request('answer.replay', { entry });
    if (begun.ok) setRunning({ turnId: begun.value.turnId, readFraction: 0 });
    else setError(begun.error);
  }

  return (
    <section className="payload" aria-label={words.title}>
      <h3>{words.title}</h3>
      <p className="hint">{words.detail}</p>
      {running === null ? (
        <Button onClick={() => void begin()}>
          <RotateCcw aria-hidden="true" size={16} /> {words.begin}
        </Button>
      ) : (
        <Button onClick={() => void vault.request('chat.stop', { turnId: running.turnId })}>
          {words.stop}
        </Button>
      )}
      <p role="status" className={comparison === null ? 'hint' : `message ${toneOf(comparison)}`}>
        {running !== null && words.running(Math.round(running.readFraction * 100))}
        {comparison !== null && words.result(comparison)}
      </p>
      <ErrorMessage error={error} />
    </section>
  );
}

function toneOf({ differsAt }: Comparison): 'info' | 'attention' {
  return differsAt === null ? 'info' : 'attention';
}
