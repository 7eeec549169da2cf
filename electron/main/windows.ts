import { BrowserWindow, Menu, type MenuItemConstructorOptions, type WebPreferences } from 'electron';
import { appOrigin } from '../shared/shell-contract.ts';
import type { Theme } from './theme.ts';

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

export function createMainWindow(deps: {
  readonly theme: Theme;
  readonly preload: string;
  readonly isPackaged: boolean;
}): BrowserWindow {
  const window = new BrowserWindow({
    title: 'Cloister',
    width: 1440,
    height: 900,
    minWidth: 1024,
    minHeight: 700,
    show: false,
    autoHideMenuBar: true,
    backgroundColor: deps.theme.background(),
    webPreferences: pagePreferences(deps),
  });
  // Titles are seen in task bars, switchers and screen recordings: it stays the name of the product.
  window.on('page-title-updated', (event) => {
    event.preventDefault();
  });
  window.once('ready-to-show', () => {
    window.show();
  });
  deps.theme.follow(window);
  return window;
}

export const pageUrl = `${appOrigin}/`;

/** Edit and zoom, and the way out. No developer tools, no reload, no help page on the web. */
export function menuTemplate(platform: NodeJS.Platform): MenuItemConstructorOptions[] {
  const quit: MenuItemConstructorOptions = { role: 'quit' };
  return [
    platform === 'darwin'
      ? { role: 'appMenu', submenu: [{ role: 'hide' }, { role: 'hideOthers' }, { role: 'unhide' }, quit] }
      : { label: 'Cloister', submenu: [quit] },
    {
      label: 'Edit',
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: 'View',
      submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { role: 'togglefullscreen' }],
    },
  ];
}

export function setMenu(platform: NodeJS.Platform): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(platform)));
}
