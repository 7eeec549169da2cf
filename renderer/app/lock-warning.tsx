import { useEffect, useState, type ReactNode } from 'react';
import { lockStrings as words } from '../strings/sign-in-strings.ts';
import { Button } from '../ui/button.tsx';
import { useApp } from './app-context.ts';

/** The vault is told at most this often that somebody is there. */
const tellEveryMs = 5000;

/** Tells the vault that somebody is there, and the person that the screen is about to lock. */
export function LockWarning(): ReactNode {
  const { vault } = useApp();
  const [secondsLeft, setSecondsLeft] = useState<number | null>(null);

  useEffect(
    () =>
      vault.onEvent((event) => {
        if (event.event === 'lock.warning') setSecondsLeft(event.secondsLeft);
      }),
    [vault],
  );
  const isWarning = secondsLeft !== null;
  useEffect(() => {
    if (!isWarning) return undefined;
    const timer = setInterval(() => {
      setSecondsLeft((left) => (left === null ? null : Math.max(0, left - 1)));
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [isWarning]);
  useEffect(() => {
    let toldAt = performance.now();
    const tell = (): void => {
      const now = performance.now();
      if (!isWarning && now - toldAt < tellEveryMs) return;
      toldAt = now;
      void vault.request('session.activity', {});
    };
    const kinds = ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const;
    for (const kind of kinds) window.addEventListener(kind, tell, { passive: true });
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, tell);
    };
  }, [vault, isWarning]);

  if (secondsLeft === null) return null;
  return (
    <div className="lock-warning" role="alert">
      <p className="figures">{words.warning(secondsLeft)}</p>
      <Button
        kind="primary"
        autoFocus
        onClick={() => {
          void vault.request('session.activity', {});
        }}
      >
        {words.stay}
      </Button>
    </div>
  );
}
