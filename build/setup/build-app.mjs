import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './cache-folder.mjs';
import { runAsNode } from './run-as-node.mjs';
import { SetupError, say } from './say.mjs';
import { hashTree, readStamp, writeStamp } from './stamp.mjs';

const sources = [
  'electron',
  'renderer',
  'models',
  'build/electron.vite.config.ts',
  'build/tsconfig.base.json',
  'package.json',
  'package-lock.json',
];

/** Builds `out/`, unless it was made from the same sources. @param {{ flavour?: 'development' | 'release' }} [options] */
export async function buildApp(options = {}) {
  const flavour = options.flavour ?? 'development';
  const stamp = join(checkout, 'out/.sources');
  const wanted = `${flavour} ${hashTree(checkout, sources)}`;
  if (existsSync(join(checkout, 'out/main/main.js')) && readStamp(stamp) === wanted) return;
  say('Building the app ...');
  const code = await runAsNode(
    ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--config', 'build/electron.vite.config.ts'],
    { output: 'stderr', env: { ...process.env, CLOISTER_FLAVOUR: flavour } },
  );
  if (code !== 0) throw new SetupError('The build failed (its own words are above).');
  writeStamp(stamp, wanted);
}
