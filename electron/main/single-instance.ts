import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'electron';
import type { Flavour } from '../shared/flavour.ts';
import type { DevelopmentSettings } from './development-settings.ts';

/** A development build never opens the folder of the release that may be installed beside it. */
export function chooseDataFolder(app: App, flavour: Flavour, settings: DevelopmentSettings): string {
  const folder = flavour === 'release' ? 'Cloister' : 'Cloister development';
  return settings.dataFolder ?? join(app.getPath('appData'), folder);
}

/**
 * One Cloister per data folder: two vaults must never write one log. Chromium's lock lies in `userData`, so that folder
 * is set first. Returns false when another instance has the folder; that one brings its window to the front.
 */
export function holdSingleInstance(app: App, folder: string): boolean {
  app.setPath('userData', folder);
  const writable = prepareFolder(folder);
  // Chromium's own files (caches, preferences) stay apart from the vault's.
  app.setPath('sessionData', join(folder, 'chromium'));
  app.setPath('crashDumps', join(folder, 'chromium', 'crashes'));
  if (app.requestSingleInstanceLock()) return true;
  // In a folder that cannot be written there is no lock to be had; the vault cannot write there either, and tells why.
  return !writable;
}

function prepareFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    chmodSync(folder, 0o700);
    return true;
  } catch {
    return false;
  }
}
