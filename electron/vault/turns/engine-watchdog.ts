import { appError, type AppError } from '../../shared/app-error.ts';
import { noticeableSilenceMs, silenceLimitMs } from '../../shared/engine-silence.ts';

/**
 * Notices an inference process that hangs: it lives, and says nothing although something runs.
 */
export type EngineWatchdog = {
  /** The engine was given something to do, or said something while it does it. */
  expects(what: 'load' | 'answer'): void;
  /** It was asked to stop what it does. Where nothing runs this changes nothing. */
  expectsEnd(): void;
  /** Nothing runs. */
  rests(): void;
};

export function createEngineWatchdog(deps: {
  /** Measured when the model was loaded. */
  readonly tokensPerSecond: () => number | null;
  readonly after: (delayMs: number, act: () => void) => () => void;
  readonly onHung: (silentMs: number) => void;
}): EngineWatchdog {
  let cancel: (() => void) | null = null;
  const rests = (): void => {
    cancel?.();
    cancel = null;
  };
  const wait = (limitMs: number): void => {
    rests();
    cancel = deps.after(limitMs, () => {
      cancel = null;
      deps.onHung(limitMs);
    });
  };
  return {
    expects(what) {
      wait(silenceLimitMs(what, deps.tokensPerSecond()));
    },
    expectsEnd() {
      if (cancel !== null) wait(noticeableSilenceMs(deps.tokensPerSecond()));
    },
    rests,
  };
}

export function hungError(silentMs: number): AppError {
  return appError(
    'model-stopped',
    `The model said nothing for ${Math.round(silentMs / 1000)} seconds, so Cloister ended it. Everything that was shown is recorded. It is starting again; write the draft again when it is ready.`,
  );
}

/** What a process that was ended from outside most often died of. @returns null for any other end */
export function likelyOutOfMemory(exitCode: number): AppError | null {
  // SIGKILL, as Electron and as a shell tells it: on Linux the kernel ends the largest process so when memory is full.
  if (exitCode !== 9 && exitCode !== 137) return null;
  return appError(
    'model-stopped',
    'The system ended the model, most often because the memory of this computer is full. Everything that was shown is recorded, and your text is kept. Close other programs; if it happens again, ask IT for a smaller model.',
  );
}
