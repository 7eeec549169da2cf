import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * The folders of packages that the given ones need at run time, found as Node resolves them: the nearest
 * `node_modules` upwards. Optional dependencies count only when they are installed.
 * @param {string} root the folder whose `node_modules` is meant
 * @param {readonly string[]} names
 * @returns {string[]} folders relative to root, sorted, for example `node_modules/node-llama-cpp`
 */
export function packageClosure(root, names) {
  /** @type {Set<string>} */
  const found = new Set();
  for (const name of names) visit(root, root, name, true, found);
  return [...found].toSorted();
}

/** @param {string} root @param {string} from @param {string} name @param {boolean} required @param {Set<string>} found */
function visit(root, from, name, required, found) {
  const folder = locate(root, from, name);
  if (folder === null) {
    if (required)
      throw new Error(`${name}, needed by ${relative(root, from) || 'the app'}, is not installed`);
    return;
  }
  const key = relative(root, folder).replaceAll('\\', '/');
  if (found.has(key)) return;
  found.add(key);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const optional = Object.keys(manifest.optionalDependencies ?? {});
  for (const next of Object.keys(manifest.dependencies ?? {})) {
    visit(root, folder, next, !optional.includes(next), found);
  }
}

/** @param {string} root @param {string} from @param {string} name @returns {string | null} */
function locate(root, from, name) {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === root || dirname(at) === at) return null;
  }
}
