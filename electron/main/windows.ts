import { BrowserWindow, Menu } from 'electron';
import { appOrigin } from '../shared/shell-contract.ts';
import { menuTemplate } from './menu-template.ts';
import { pagePreferences } from './page-preferences.ts';
import type { Theme } from './theme.ts';

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
  // Until the vault has read the policy, and where it does not allow it: no picture of the window, where the system obeys.
  window.setContentProtection(true);
  deps.theme.follow(window);
  return window;
}

export const pageUrl = `${appOrigin}/`;

export function setMenu(platform: NodeJS.Platform): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(platform)));
}
