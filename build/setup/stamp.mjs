import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * The hash of a file, read as a stream: a model does not fit in one buffer.
 * @param {string} path
 * @param {'sha256' | 'sha512'} algorithm
 * @param {'hex' | 'base64'} encoding
 * @returns {Promise<string>}
 */
export async function hashFile(path, algorithm = 'sha256', encoding = 'hex') {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 4 << 20 })) hash.update(chunk);
  return hash.digest(encoding);
}

/**
 * One hash over files and folders (names and contents), to tell whether a step has to run again.
 * @param {string} root
 * @param {readonly string[]} paths relative to root; a folder counts with everything in it, a missing one as absent
 * @returns {string}
 */
export function hashTree(root, paths) {
  const hash = createHash('sha256');
  for (const path of paths) addToHash(root, join(root, path), hash);
  return hash.digest('hex');
}

/** @param {string} root @param {string} path @param {import('node:crypto').Hash} hash */
function addToHash(root, path, hash) {
  if (!existsSync(path)) return;
  const entries = listFolder(path);
  if (entries === null) {
    const bytes = readFileSync(path);
    hash.update(`${relative(root, path)}\0${bytes.length}\0`).update(bytes);
    return;
  }
  for (const name of entries) addToHash(root, join(path, name), hash);
}

/** @param {string} path @returns {string[] | null} sorted names, or null when it is a file */
function listFolder(path) {
  try {
    return readdirSync(path).toSorted();
  } catch {
    return null;
  }
}

/** @param {string} path @returns {string | null} */
export function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
}

/** @param {string} path @param {string} text */
export function writeStamp(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text}\n`);
}
