import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Unit tests stand beside the code and run on Electron's own runtime (`npm run test:unit`). */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  define: { __CLOISTER_FLAVOUR__: JSON.stringify('development') },
  test: {
    include: [
      'electron/**/*.test.ts',
      'renderer/**/*.test.ts',
      'renderer/**/*.test.tsx',
      'build/**/*.test.ts',
      'e2e/**/*.test.ts',
    ],
    globalSetup: ['build/setup/auditor-kit.mjs'],
    environment: 'node',
    pool: 'forks',
    // Vitest leaves one core free, which is half of a small machine.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // For a machine that others keep busy: speed is measured in `npm run bench`, never here.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
