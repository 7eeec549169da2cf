import { useEffect, useState } from 'react';
import { noticeableSilenceMs } from '../../../electron/shared/engine-silence.ts';
import { useApp } from '../../app/app-context.ts';
import { isRunning, type Answer } from './draft-assembly.ts';

/** @returns after how many ms nothing more was heard of an answer that is being written; null: it goes on, or none is */
export function useSilence(answer: Answer | null): number | null {
  const { model } = useApp().state;
  const [silent, setSilent] = useState<Answer | null>(null);
  const isHeard = isRunning(answer) && answer?.waiting === 0 && !isNoted(answer);
  const afterMs = isHeard && model.state === 'ready' ? noticeableSilenceMs(model.tokensPerSecond) : null;

  useEffect(() => {
    if (afterMs === null) return undefined;
    // Whatever is heard of it makes it another object.
    const timer = setTimeout(() => {
      setSilent(answer);
    }, afterMs);
    return () => {
      clearTimeout(timer);
    };
  }, [answer, afterMs]);

  return silent === answer ? afterMs : null;
}

/** Notes on the parts of a long source are written, and recorded, behind the screen. */
function isNoted({ reading }: Answer): boolean {
  return reading !== null && (reading.of > 1 || reading.joining);
}
