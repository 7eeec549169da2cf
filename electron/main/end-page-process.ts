import type { App } from 'electron';

/** Ends a page's process at once. Only one that Electron still knows as a page's: an id may be given to another program. */
export function endPageProcess(app: Pick<App, 'getAppMetrics'>, processId: number): void {
  if (!app.getAppMetrics().some(({ pid, type }) => pid === processId && type === 'Tab')) return;
  try {
    process.kill(processId, 'SIGKILL');
  } catch {
    // It ended at this moment.
    return;
  }
}
