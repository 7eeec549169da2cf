import { appError, type AppError } from '../../shared/app-error.ts';

/**
 * Notices an inference process that hangs: it lives, and says nothing although something runs. How long a step may take is
 * known from the measured speed of the model, so a slow computer is not taken for a dead one.
 */
export type EngineWatchdog = {
  /** The engine was given something to do, or said something while it does it. */
  expects(what: 'load' | 'answer'): void;
  /** Nothing runs. */
  rests(): void;
};

/** A step of a file check or of loading: a slow disk says nothing for a while. */
const loadSilenceMs = 120_000;
const shortestSilenceMs = 20_000;
/** Tokens of a step of reading, which takes at most as long as writing as many. */
const stepTokens = 64;
/** How much slower than measured a step may be: other programs want the processor too. */
const patience = 5;

export function silenceLimitMs(what: 'load' | 'answer', tokensPerSecond: number | null): number {
  if (what === 'load' || tokensPerSecond === null || tokensPerSecond <= 0) return loadSilenceMs;
  return Math.max(shortestSilenceMs, (patience * stepTokens * 1000) / tokensPerSecond);
}

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
  return {
    expects(what) {
      rests();
      const limitMs = silenceLimitMs(what, deps.tokensPerSecond());
      cancel = deps.after(limitMs, () => {
        cancel = null;
        deps.onHung(limitMs);
      });
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
