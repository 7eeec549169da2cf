/** Every expected failure of the product. The code is for programs and logs, the sentence is for the person at the screen. */
export const appErrorCodes = [
  'internal',
  'invalid-input',
  'not-signed-in',
  'not-allowed',
  'wrong-passphrase',
  'sign-in-delayed',
  'second-factor-wrong',
  'already-set-up',
  'not-set-up',
  'passphrase-too-weak',
  'recovery-not-proven',
  'recovery-wrong-key',
  'removable-medium-needed',
  'data-folder-not-writable',
  'database-damaged',
  'app-outdated',
  'keyring-damaged',
  'keychain-changed',
  'keychain-required',
  'self-test-failed',
  'disk-full',
  'already-running',
  'model-missing',
  'model-truncated',
  'model-not-gguf',
  'model-wrong-hash',
  'model-not-approved',
  'model-load-failed',
  'model-not-ready',
  'download-failed',
  'model-stopped',
  'does-not-fit',
  'turn-in-progress',
  'turn-not-found',
  'turn-not-finished',
  'record-not-found',
  'synthetic-patients-only',
  'file-not-text',
  'file-unreadable',
  'file-too-large',
  'text-too-long',
  'export-failed',
  'backup-failed',
  'backup-unusable',
  'record-inconsistent',
  'vault-stopped',
  'cancelled',
] as const;

export type AppErrorCode = (typeof appErrorCodes)[number];

/**
 * An expected failure. `message` is a whole sentence or two in plain words: what happened, what was kept, what to do
 * next. It never holds clinical text, names that a user typed, keys or paths inside a home folder.
 */
export type AppError = { code: AppErrorCode; message: string };

export function appError(code: AppErrorCode, message: string): AppError {
  return { code, message };
}

/** Shown for a bug: the code path is logged without any text of the user's. */
export const internalError: AppError = appError(
  'internal',
  'Something went wrong inside Cloister. Everything that was recorded is kept. Try again; if it happens again, restart Cloister and tell IT.',
);
