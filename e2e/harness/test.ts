import { cpSync, rmSync } from 'node:fs';
import { test as base } from '@playwright/test';
import { startDisplay } from '../../build/setup/display.mjs';
import {
  createHome,
  giveToApp,
  launchApp,
  type Home,
  type LaunchOptions,
  type RunningApp,
} from './launch-app.ts';
import { firstRun } from './screens.ts';
import { withModel, writeTinyModels, type Models } from './tiny-model.ts';

/** What every end-to-end test starts from: the real app on a data folder of its own. */
type PerTest = {
  /** A data folder without a set-up. */
  readonly emptyHome: Home;
  /** A data folder with organisation, administrator and clinician: a copy of one that went through the first run. */
  readonly home: Home;
  /** Starts the app; what a test leaves running is closed behind it. The small model unless a test says otherwise. */
  readonly launch: (options: LaunchOptions) => Promise<RunningApp>;
};
type PerWorker = {
  readonly display: string | undefined;
  /** The small random-weights model, and its catalogue. */
  readonly models: Models;
  /** One that is done with an answer at once, for tests that interrupt nothing. */
  readonly quickModels: Models;
  readonly setUpHome: Home;
};

export const test = base.extend<PerTest, PerWorker>({
  display: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the parameter's names
    async ({}, use) => {
      const { display, stop } = await startDisplay();
      if (display !== undefined) process.env['DISPLAY'] = display;
      await use(display);
      stop();
    },
    { scope: 'worker', auto: true },
  ],
  models: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the parameter's names
    async ({}, use) => {
      const models = writeTinyModels();
      await use(models);
      rmSync(models.folder, { recursive: true });
    },
    { scope: 'worker' },
  ],
  quickModels: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the parameter's names
    async ({}, use) => {
      const models = writeTinyModels(['--layers', '4']);
      await use(models);
      rmSync(models.folder, { recursive: true });
    },
    { scope: 'worker' },
  ],
  setUpHome: [
    async ({ models, display: _display }, use) => {
      const home = createHome();
      const app = await launchApp({ home, ...withModel(models) });
      await firstRun(app);
      await app.close();
      await use(home);
      home.remove();
    },
    { scope: 'worker', timeout: 300_000 },
  ],
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the parameter's names
  emptyHome: async ({}, use) => {
    const home = createHome();
    await use(home);
    home.remove();
  },
  home: async ({ setUpHome }, use) => {
    const home = createHome();
    cpSync(setUpHome.data, home.data, { recursive: true });
    giveToApp(home.data);
    await use(home);
    home.remove();
  },
  launch: async ({ models }, use) => {
    const running: RunningApp[] = [];
    await use(async (options) => {
      const app = await launchApp({ ...withModel(models), ...options });
      running.push(app);
      return app;
    });
    for (const app of running) await app.close();
  },
});

export { expect } from '@playwright/test';
