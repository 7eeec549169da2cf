import { appError, type AppError } from '../shared/app-error.ts';

/** Sentences for a model that cannot be used. They name no path: a path can hold a person's name. */

const kept = 'Your records are kept and can still be read.';

export function modelTruncated(expectedBytes: number, foundBytes: number): AppError {
  const percent = Math.floor((foundBytes / expectedBytes) * 100);
  return appError(
    'model-truncated',
    `The model file is incomplete (${percent} % is there), so nothing can be drafted. ${kept} Tell IT that the model must be installed again.`,
  );
}

export const modelNotGguf: AppError = appError(
  'model-not-gguf',
  `The model file is damaged or is not a model, so nothing can be drafted. ${kept} Tell IT that the model must be installed again.`,
);

/** For IT the beginnings of both SHA-256 values, enough to compare with the catalogue. */
export function modelWrongHash(expectedSha256: string, foundSha256: string): AppError {
  return appError(
    'model-wrong-hash',
    `The model file is not the approved one, so it was not used. ${kept} Tell IT that the model must be installed again (approved ${expectedSha256.slice(0, 8)}, found ${foundSha256.slice(0, 8)}).`,
  );
}

export const modelChangedWhileLoading: AppError = appError(
  'model-wrong-hash',
  `The model file was changed while it was being opened, so it was not used. ${kept} Tell IT.`,
);

export const modelUnreadable: AppError = appError(
  'model-load-failed',
  `The model file could not be read, so nothing can be drafted. ${kept} Restart Cloister; if it happens again, tell IT that the file may be protected or the disk damaged.`,
);

export const modelLoadFailed: AppError = appError(
  'model-load-failed',
  `The model could not be started on this computer. ${kept} Restart Cloister; if it happens again, tell IT.`,
);

export const notEnoughMemory: AppError = appError(
  'model-load-failed',
  `This computer does not have enough free memory for the model. ${kept} Close other programs and restart Cloister; if it happens again, tell IT.`,
);

export function modelNeedsMoreMemory(needBytes: number, totalBytes: number): AppError {
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
  return appError(
    'model-load-failed',
    `The model needs about ${gigabytes(needBytes)} GB of memory, and this computer has ${gigabytes(totalBytes)} GB in all, so it was not loaded. ${kept} Tell IT to choose a smaller model.`,
  );
}

export const modelNotReady: AppError = appError(
  'model-not-ready',
  'The model is not ready yet. Nothing was sent to it and your text is kept. Wait until it is ready, then try again.',
);

export const turnInProgress: AppError = appError(
  'turn-in-progress',
  'Another answer is still being written. Nothing was sent and your text is kept. Wait for it or stop it, then try again.',
);

export const modelStopped: AppError = appError(
  'model-stopped',
  'The model stopped because of a fault. What was shown is recorded and your text is kept. Try again; if it happens again, restart Cloister and tell IT.',
);
