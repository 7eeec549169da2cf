import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkout, runtimeCache } from './cache-folder.mjs';
import { developmentRuntime } from './runtime-source.mjs';
import { SetupError } from './say.mjs';

/** @typedef {{ flavour: 'official' | 'development', version: string, executable: string }} Runtime */

/** The pinned official version. */
export function officialVersion() {
  return /** @type {string} */ (
    JSON.parse(readFileSync(join(checkout, 'node_modules/electron/package.json'), 'utf8')).version
  );
}

/** @param {string} version @returns {string} */
export const officialFolder = (version) =>
  join(runtimeCache(), `electron-${version}-${process.platform}-${process.arch}`);

export const developmentFolder = () =>
  join(runtimeCache(), `${developmentRuntime.name}-${developmentRuntime.version}`);

/** Where the executable lies within an unpacked Electron. */
export function executableWithin() {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}

/** The runtime that is in the cache, the official one first. @returns {Runtime | null} */
export function findRuntime() {
  const version = officialVersion();
  const official = join(officialFolder(version), executableWithin());
  if (existsSync(official)) return { flavour: 'official', version, executable: official };
  const development = join(developmentFolder(), 'electron');
  if (developmentRuntime.platform === `${process.platform}-${process.arch}` && existsSync(development)) {
    return { flavour: 'development', version: developmentRuntime.version, executable: development };
  }
  return null;
}

/** @returns {Runtime} */
export function currentRuntime() {
  const runtime = findRuntime();
  if (runtime) return runtime;
  throw new SetupError('Electron is not in the cache yet. Run `npm run setup` and then this command again.');
}

export const runtimePath = () => currentRuntime().executable;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(`${runtimePath()}\n`);
