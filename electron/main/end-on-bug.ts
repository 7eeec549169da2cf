import type { App, Dialog } from 'electron';

/**
 * A bug in main ends the app in a sentence; Electron would show the person a stack trace and go on with half an app. The
 * vault's ports close with it, and what it had recorded is on the disk already.
 */
export function endOnBug(deps: {
  readonly process: Pick<NodeJS.Process, 'once'>;
  readonly dialog: Pick<Dialog, 'showErrorBox'>;
  readonly app: Pick<App, 'exit'>;
}): void {
  deps.process.once('uncaughtException', () => {
    deps.dialog.showErrorBox(
      'Cloister has stopped',
      'Something went wrong inside Cloister and it had to stop. Everything that was shown is recorded. Start Cloister again; if it happens again, tell IT.',
    );
    deps.app.exit(exitCodeForBug);
  });
}

/** EX_SOFTWARE of sysexits.h. */
const exitCodeForBug = 70;
