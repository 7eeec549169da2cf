import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

const root = resolve(import.meta.dirname, '..');
const at = (path: string): string => resolve(root, path);

/** Baked into the app: `release` only when packaged over the official Electron (build/package), else `development`. */
const flavour = process.env['CLOISTER_FLAVOUR'] === 'release' ? 'release' : 'development';
const define = { __CLOISTER_FLAVOUR__: JSON.stringify(flavour) };

/** Native packages stay outside the bundle; everything else is bundled so that the package holds no stray modules. */
const external = ['electron', 'better-sqlite3-multiple-ciphers', /^node-llama-cpp/, /^node:/];

export default defineConfig({
  main: {
    define,
    build: {
      outDir: at('out/main'),
      externalizeDeps: false,
      minify: true,
      rollupOptions: {
        external,
        input: {
          main: at('electron/main/main.ts'),
          'vault-process': at('electron/vault/vault-process.ts'),
          'vault-worker': at('electron/vault/vault-worker.ts'),
          'inference-process': at('electron/inference/inference-process.ts'),
          'egress-process': at('electron/egress/egress-process.ts'),
          'command-line': at('electron/cli/command-line.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    define,
    build: {
      outDir: at('out/preload'),
      externalizeDeps: false,
      minify: true,
      rollupOptions: {
        external: ['electron'],
        input: { preload: at('electron/preload/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('renderer'),
    base: './',
    define,
    plugins: [react()],
    build: {
      outDir: at('out/renderer'),
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      minify: true,
      rollupOptions: { input: { index: at('renderer/index.html') } },
    },
  },
});
