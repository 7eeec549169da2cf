import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './cache-folder.mjs';
import { packageClosure } from './package-closure.mjs';
import { SetupError } from './say.mjs';
import { hashTree, readStamp, writeStamp } from './stamp.mjs';

/** What a built app reads at run time; everything else is bundled into `out`. */
const appFiles = ['package.json', 'out', 'models/catalogue.json'];
const nativePackages = [
  'better-sqlite3-multiple-ciphers',
  'node-llama-cpp',
  `@node-llama-cpp/${process.platform}-${process.arch}`,
];

/**
 * Copies the built app to a folder that everyone may read: a checkout may lie in root's home. Copied again only when
 * something changed.
 * @returns {{ folder: string, app: string }}
 */
export function stageApp() {
  if (!existsSync(join(checkout, 'out/main/main.js'))) {
    throw new SetupError('The app is not built yet. Run `npm run build` and then this command again.');
  }
  const name = createHash('sha256').update(checkout).digest('hex').slice(0, 16);
  const folder = join('/var/tmp/cloister-stage', name);
  const app = join(folder, 'app');
  mkdirSync(app, { recursive: true });
  // Whatever the umask of this shell is: the app's user has to come through.
  for (const open of ['/var/tmp/cloister-stage', folder, app]) chmodSync(open, 0o755);
  copyWhenChanged(folder, 'packages', hashTree(checkout, ['package-lock.json']), () => {
    rmSync(join(app, 'node_modules'), { recursive: true, force: true });
    for (const path of packageClosure(checkout, nativePackages)) copy(path, app);
  });
  copyWhenChanged(folder, 'app', hashTree(checkout, appFiles), () => {
    for (const path of appFiles) {
      rmSync(join(app, path), { recursive: true, force: true });
      copy(path, app);
    }
  });
  return { folder, app };
}

/** @param {string} folder @param {string} part @param {string} wanted @param {() => void} work */
function copyWhenChanged(folder, part, wanted, work) {
  const stamp = join(folder, `${part}.stamp`);
  if (readStamp(stamp) === wanted) return;
  rmSync(stamp, { force: true });
  work();
  writeStamp(stamp, wanted);
}

/** @param {string} path @param {string} app */
function copy(path, app) {
  cpSync(join(checkout, path), join(app, path), { recursive: true, dereference: true });
}
