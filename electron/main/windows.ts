import { BrowserWindow, Menu } from 'electron';
import { menuTemplate } from './menu-template.ts';
import { pagePreferences } from './page-preferences.ts';
import type { Theme } from './theme.ts';

export type MainWindow = {
  readonly window: BrowserWindow;
  /** Whether other programs see the window as black: screenshots, screen sharing, Windows Recall. Not on Linux, where nothing can. */
  protectContent(isProtected: boolean): void;
};

export function createMainWindow(deps: {
  readonly theme: Theme;
  readonly preload: string;
  readonly isPackaged: boolean;
  readonly contentProtected: boolean;
}): MainWindow {
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
  const protectContent = (isProtected: boolean): void => {
    // The vault may say so while the app is on its way out.
    if (!window.isDestroyed()) window.setContentProtection(isProtected);
  };
  protectContent(deps.contentProtected);
  return { window, protectContent };
}

export function setMenu(platform: NodeJS.Platform): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(platform)));
}
