import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './cache-folder.mjs';
import { mustRun } from './run-command.mjs';
import { SetupError, say } from './say.mjs';
import { hashTree, readStamp, writeStamp } from './stamp.mjs';

const oldestNode = 20;

export function requireNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < oldestNode) {
    throw new SetupError(
      `Node ${oldestNode} or newer is needed and this is ${process.versions.node}. Install a newer one and run the command again.`,
    );
  }
}

/**
 * Installs exactly the lockfile, without running any package's script. Skipped while the lockfile is the one that
 * was installed last.
 */
export async function installNodePackages() {
  const stamp = join(checkout, 'node_modules/.cloister-lock');
  const wanted = hashTree(checkout, ['package-lock.json']);
  // npm's own hidden lockfile tells an installation made by hand (`npm ci`) that is newer than ours.
  if (existsSync(join(checkout, 'node_modules/.package-lock.json')) && readStamp(stamp) === wanted) return;
  say('Installing the npm packages of the lockfile ...');
  await mustRun('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    purpose: 'Installing the npm packages',
  });
  writeStamp(stamp, wanted);
}
