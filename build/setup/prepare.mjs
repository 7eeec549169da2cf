import { buildApp } from './build-app.mjs';
import { installRuntime } from './electron-runtime.mjs';
import { installModel } from './model.mjs';
import { installNodePackages, requireNode } from './node-packages.mjs';
import { installSystemPackages } from './system-packages.mjs';

/** Everything a command needs, from a bare checkout; each step is skipped when it is done already. */
export async function prepareTools() {
  requireNode();
  await installNodePackages();
  await installSystemPackages();
  await installRuntime();
}

export async function prepare() {
  await prepareTools();
  await installModel();
  await buildApp();
}
