/**
 * A registry mirror that carries only this platform's binary packages makes npm leave the other platforms' out of the
 * lockfile, and `npm ci` then refuses that lockfile everywhere. Their exact versions are known from the packages that
 * name them; this writes the entries in, with the platforms they are for, so that no other platform fetches them.
 * Their integrity is not known here: npm adds it where it installs them.
 *
 * Run after adding or upgrading a package on such a machine: `npm run lockfile`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './cache-folder.mjs';
import { say } from './say.mjs';

const systems = new Map([
  ['mac', 'darwin'],
  ['darwin', 'darwin'],
  ['win', 'win32'],
  ['win32', 'win32'],
  ['linux', 'linux'],
  ['android', 'android'],
  ['freebsd', 'freebsd'],
  ['openharmony', 'openharmony'],
]);
const processors = new Map([
  ['x64', 'x64'],
  ['arm64', 'arm64'],
  ['arm', 'arm'],
  ['armv7l', 'arm'],
  ['ia32', 'ia32'],
  ['ppc64', 'ppc64'],
  ['riscv64', 'riscv64'],
  ['s390x', 's390x'],
  ['wasm32', 'wasm32'],
]);

/** @typedef {{ version?: string, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[], optionalDependencies?: Record<string, string> }} Entry */

/** @param {Record<string, Entry>} packages the lockfile's, changed in place @returns {string[]} what was added */
export function completeLockfile(packages) {
  const added = [];
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isLocked(packages, path, name)) continue;
      if (!/^\d+\.\d+\.\d+\S*$/u.test(version))
        throw new Error(`${name} is wanted as ${version}, which is no exact version`);
      packages[`node_modules/${name}`] = platformEntry(name, version, entry.dev === true);
      added.push(`${name}@${version}`);
    }
  }
  return added;
}

/** @param {Record<string, Entry>} packages @param {string} path @param {string} name */
const isLocked = (packages, path, name) =>
  `${path}/node_modules/${name}` in packages || `node_modules/${name}` in packages;

/** @param {string} name @param {string} version @param {boolean} dev @returns {Entry} */
function platformEntry(name, version, dev) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const os = words.map((word) => systems.get(word)).find((known) => known !== undefined);
  const cpu = words.map((word) => processors.get(word)).find((known) => known !== undefined);
  if (cpu === undefined) throw new Error(`${name} does not say which processor it is for`);
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : null;
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(libc ? { libc } : {}),
    optional: true,
    ...(os ? { os: [os] } : {}),
  };
}

const path = join(checkout, 'package-lock.json');
const lockfile = JSON.parse(readFileSync(path, 'utf8'));
const added = completeLockfile(lockfile.packages);
const sorted = Object.entries(lockfile.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
lockfile.packages = Object.fromEntries(sorted);
if (added.length > 0) writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
say(added.length === 0 ? 'The lockfile is complete.' : `Added to the lockfile: ${added.join(', ')}`);
