import { defineConfig } from '@playwright/test';

/** The real app, one at a time: a local model takes all cores. */
export default defineConfig({
  testDir: '.',
  // The package has its own command, because it has to be built first: npm run test:package.
  testMatch:
    process.env['CLOISTER_E2E'] === 'package'
      ? ['package/**/*.spec.ts']
      : ['specs/**/*.spec.ts', 'walls/**/*.spec.ts'],
  outputDir: '../test-results',
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  // For a machine that others keep busy: speed is measured in `npm run bench`, never here.
  timeout: 600_000,
  expect: { timeout: 60_000 },
  reporter: [['list']],
});
