import type { WebPreferences } from 'electron';

/** Not on the disk: nothing that the page stores or caches outlives the run. */
export const pagePartition = 'page';

export function pagePreferences(deps: {
  readonly preload: string;
  readonly isPackaged: boolean;
}): WebPreferences {
  return {
    partition: pagePartition,
    preload: deps.preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    safeDialogs: true,
    spellcheck: false,
    devTools: !deps.isPackaged,
  };
}
