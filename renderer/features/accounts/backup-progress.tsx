import { useEffect, useState, type Dispatch, type ReactNode } from 'react';
import { useApp } from '../../app/app-context.ts';
import { accountStrings as words } from '../../strings/account-strings.ts';

/** How far the copy is, from 0 to 1; null while none is made. */
export function useProgress(): [number | null, Dispatch<number | null>] {
  const { vault } = useApp();
  const [fraction, setFraction] = useState<number | null>(null);
  useEffect(
    () =>
      vault.onEvent((event) => {
        if (event.event === 'export.progress') setFraction(event.fraction);
      }),
    [vault],
  );
  return [fraction, setFraction];
}

export function Progress({ fraction }: { readonly fraction: number | null }): ReactNode {
  return (
    fraction !== null && (
      <p role="status">
        <progress value={fraction} max={1} /> {words.backingUp(Math.round(fraction * 100))}
      </p>
    )
  );
}

/** To the minute, for the name of a new folder. */
export const timeForName = (): string => new Date().toISOString().slice(0, 16).replace(/\D/g, '-');
