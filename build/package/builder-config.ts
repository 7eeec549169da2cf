import { dirname } from 'node:path';
import type { Configuration } from 'electron-builder';
import type { Runtime } from '../setup/runtime-path.mjs';
import type { PackageTarget } from './target.ts';

/** What goes into the package: the built app, and of the production dependencies what this platform loads. */
export function builderConfig(deps: {
  readonly runtime: Runtime;
  readonly target: PackageTarget;
  readonly output: string;
}): Configuration {
  const { runtime, target } = deps;
  return {
    appId: 'health.cloister.desktop',
    productName: 'Cloister',
    directories: { output: deps.output },
    electronVersion: runtime.version,
    electronDist: dirname(runtime.executable),
    electronLanguages: ['en-US'],
    // The native packages bring their binaries ready-made; nothing is compiled or fetched while packaging.
    npmRebuild: false,
    nodeGypRebuild: false,
    publish: null,
    asar: true,
    asarUnpack: [
      'node_modules/better-sqlite3-multiple-ciphers/prebuilds/**',
      'node_modules/@node-llama-cpp/**',
    ],
    extraResources: [{ from: 'models/catalogue.json', to: 'models/catalogue.json' }],
    files: [
      'out/**',
      '!out/.sources',
      'package.json',
      '!**/*.map',
      '!**/*.d.{ts,mts,cts}',
      '!node_modules/better-sqlite3-multiple-ciphers/{deps,src}/**',
      '!node_modules/better-sqlite3-multiple-ciphers/prebuilds/**',
      `node_modules/better-sqlite3-multiple-ciphers/prebuilds/${target.name}.node`,
      '!node_modules/@node-llama-cpp/**',
      ...target.llama.map((name) => `node_modules/@node-llama-cpp/${name}/**`),
      // The sources of llama.cpp, for compiling it on the spot.
      '!node_modules/node-llama-cpp/llama/gitRelease.bundle',
      '!node_modules/node-llama-cpp/templates/**',
    ],
    linux: { target: 'dir', category: 'MedicalSoftware', executableName: 'cloister' },
    mac: { target: 'dir' },
    win: { target: 'dir' },
  };
}
