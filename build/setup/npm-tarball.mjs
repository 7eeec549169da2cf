import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { checkout } from './cache-folder.mjs';
import { SetupError, progress } from './say.mjs';
import { hashFile } from './stamp.mjs';

/**
 * @typedef {object} NpmPackage
 * @property {string} name
 * @property {string} version
 * @property {string} integrity `sha512-<base64>` of the tarball
 */

/**
 * Fetches one package's tarball with npm itself, so that the registry, proxy, certificates and credentials set for
 * npm on this machine hold for it too, and checks it. npm gets a cache of its own in `folder`: what is whole there
 * is not fetched again after an interruption, and its growth is the progress.
 * @param {NpmPackage} wanted
 * @param {{ folder: string, label: string, bytes: number }} place bytes: the tarball's size, for the progress
 * @returns {Promise<string>} the tarball's path
 */
export async function fetchNpmTarball(wanted, place) {
  const name = wanted.name.replace(/^@/u, '').replace('/', '-');
  const tarball = join(place.folder, `${name}-${wanted.version}.tgz`);
  // Whole from an earlier run that was interrupted later.
  if (existsSync(tarball) && (await integrityOf(tarball)) === wanted.integrity) return tarball;
  const cache = join(place.folder, 'npm-cache');
  mkdirSync(cache, { recursive: true });
  const spec = `${wanted.name}@${wanted.version}`;
  const bar = progress(place.label);
  // An earlier package, or an earlier attempt, may already fill it.
  const before = sizeOf(cache);
  const timer = setInterval(() => bar.at(Math.min(sizeOf(cache) - before, place.bytes), place.bytes), 250);
  const args = [
    'pack',
    spec,
    '--pack-destination',
    place.folder,
    '--cache',
    cache,
    '--ignore-scripts',
    '--loglevel=error',
  ];
  const { code, words } = await npm(args);
  clearInterval(timer);
  if (code !== 0) {
    bar.end();
    throw new SetupError(
      `${place.label} could not be fetched: npm could not get ${spec} from the registry it is set to use. ${words} What was fetched before is kept. Check the network connection (or npm's registry and proxy settings) and run the command again.`,
    );
  }
  bar.at(place.bytes, place.bytes);
  bar.end();
  const found = await integrityOf(tarball);
  if (found !== wanted.integrity) {
    rmSync(tarball, { force: true });
    rmSync(cache, { recursive: true, force: true });
    throw new SetupError(
      `${spec} is not the package this project knows: its integrity is ${found}, expected ${wanted.integrity}. It has been deleted.`,
    );
  }
  return tarball;
}

/** @param {string} path */
const integrityOf = async (path) => `sha512-${await hashFile(path, 'sha512', 'base64')}`;

/** @param {readonly string[]} args @returns {Promise<{ code: number, words: string }>} */
function npm(args) {
  return new Promise((done, failed) => {
    const child = spawn('npm', [...args], {
      cwd: checkout,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
    });
    let words = '';
    child.stderr.on('data', (chunk) => (words = `${words}${chunk}`.slice(0, 20_000)));
    child.on('error', (error) => failed(new SetupError(`npm could not be started: ${error.message}`)));
    child.on('close', (code) => done({ code: code ?? 143, words: telling(words) }));
  });
}

/** Of npm's pages, the lines that name the reason. @param {string} words @returns {string} */
function telling(words) {
  const lines = words.split('\n').map((line) => line.replace(/^npm error\s*/u, '').trim());
  return lines
    .filter((line) => /^(?:code|network request|404) /u.test(line))
    .slice(0, 2)
    .map((line) => `${line}.`)
    .join(' ');
}

/** Bytes in the files of a folder, ignoring what disappears meanwhile. @param {string} folder @returns {number} */
function sizeOf(folder) {
  let bytes = 0;
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
    }
  } catch {
    return bytes;
  }
  return bytes;
}
