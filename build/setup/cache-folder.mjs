import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this file belongs to. */
export const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export const isLinux = process.platform === 'linux';
export const isRootOnLinux = isLinux && process.getuid?.() === 0;

/**
 * Downloads live outside the checkout so that a fresh clone finds them again. As root the folder is a public one,
 * because the app itself is started as an unprivileged user who has to read it.
 * @returns {string}
 */
export function cacheFolder() {
  const chosen = process.env['CLOISTER_CACHE'];
  if (chosen) return resolve(chosen);
  if (isRootOnLinux) return '/var/cache/cloister';
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/cloister');
  if (process.platform === 'win32') {
    return join(process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData/Local'), 'cloister', 'Cache');
  }
  return join(homedir(), '.cache/cloister');
}

export const runtimeCache = () => join(cacheFolder(), 'runtime');
export const modelCache = () => join(cacheFolder(), 'models');
