import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  app,
  clipboard,
  dialog,
  ipcMain,
  MessageChannelMain,
  nativeTheme,
  powerMonitor,
  safeStorage,
  session,
} from 'electron';
import type { Flavour } from '../shared/flavour.ts';
import { hashApp } from './app-hash.ts';
import { serveApp } from './app-protocol.ts';
import { childEnvironment } from './child-environment.ts';
import { ChildProcess } from './child-process.ts';
import type { DevelopmentSettings } from './development-settings.ts';
import { endPageProcess } from './end-page-process.ts';
import { createFileChooser, createModelChooser } from './file-grants.ts';
import { clearCopiedText, overwriteFreedMemory } from './forget-session.ts';
import { createKeychain, type Keychain } from './keychain.ts';
import { createLifeCycle, type LifeCycle, type StartFacts } from './life-cycle.ts';
import type { BlockedConnections } from './blocked-connections.ts';
import { lockOnSystemEvents } from './lock-triggers.ts';
import { createModelDownload } from './model-download.ts';
import { createPage } from './page.ts';
import { pagePartition } from './page-preferences.ts';
import { createRestartBudget, type RestartBudget } from './restart-budget.ts';
import { serveShellRequests } from './shell-requests.ts';
import { createStoppedPage } from './stopped-page.ts';
import { openTheme } from './theme.ts';
import { createMainWindow } from './windows.ts';

/** Everything of the main process, made here in order. Runs once, when Electron is ready. */
export function composeApp(deps: {
  readonly settings: DevelopmentSettings;
  readonly flavour: Flavour;
  readonly blockedConnections: BlockedConnections;
}): void {
  const { settings, flavour, blockedConnections } = deps;
  const dataFolder = app.getPath('userData');
  const output = join(app.getAppPath(), 'out');
  const makeVault = (): ChildProcess =>
    new ChildProcess({
      entry: join(output, 'main', 'vault-process.js'),
      serviceName: 'Cloister vault',
      environment: childEnvironment(process.env, {}),
    });
  /** The first screen waits for it longest: the window is made meanwhile. */
  let firstVault: ChildProcess | null = makeVault();

  app.configureHostResolver({ enableBuiltInResolver: false, secureDnsMode: 'off' });

  const stoppedPage = createStoppedPage();
  serveApp(session.fromPartition(pagePartition, { cache: false }).protocol, {
    folder: join(output, 'renderer'),
    stoppedPage,
  });

  const theme = openTheme({ nativeTheme, dataFolder, forced: settings.theme });
  const { window, protectContent } = createMainWindow({
    theme,
    contentProtected: !settings.screenCaptureAllowed,
    preload: join(output, 'preload', 'preload.cjs'),
    isPackaged: app.isPackaged,
  });
  const contents = window.webContents;
  const after = (delayMs: number, act: () => void): (() => void) => {
    const timer = setTimeout(act, delayMs);
    return () => {
      clearTimeout(timer);
    };
  };
  const page = createPage({
    contents,
    stoppedPage,
    onCrashed: () => {
      lifeCycle.pageCrashed();
    },
    endProcess: (processId) => {
      endPageProcess(app, processId);
    },
    onBlank: () => {
      // Not in the middle of Chromium's own navigation: asking for the clipboard serves other events meanwhile (X11), and a
      // window that is closed by one of them would take main down.
      setImmediate(() => {
        void clearCopiedText(clipboard, process.platform).then(() => {
          overwriteFreedMemory(setImmediate);
        });
      });
    },
    after,
  });

  const keychain = createKeychain({ safeStorage, platform: process.platform, delay });
  const lifeCycle = createLifeCycle({
    startVault: () => {
      const vault = firstVault ?? makeVault();
      firstVault = null;
      return vault;
    },
    startInference: () =>
      new ChildProcess({
        entry: join(output, 'main', 'inference-process.js'),
        serviceName: 'Cloister inference',
        // Idle pool threads take time from the engine's: a seventh of the speed of a fast model.
        environment: childEnvironment(process.env, { UV_THREADPOOL_SIZE: '1' }),
      }),
    makeChannel: () => new MessageChannelMain(),
    facts: startFacts({ settings, flavour, dataFolder, keychain }),
    keychain,
    page,
    download: createModelDownload(
      () =>
        new ChildProcess({
          entry: join(output, 'main', 'egress-process.js'),
          serviceName: 'Cloister downloads',
          environment: childEnvironment(process.env, {}),
        }),
    ),
    allowScreenCapture: (allowed) => {
      protectContent(!allowed && !settings.screenCaptureAllowed);
    },
    blocked: blockedConnections,
    budgets: { vault: restartBudget(), inference: restartBudget(), page: restartBudget() },
    after,
  });

  const choosing = {
    dialog,
    window,
    startFolder: app.getPath('documents'),
    tellVault: lifeCycle.grantFile,
  };
  serveShellRequests({
    ipcMain,
    contents,
    theme,
    requestTextPort: lifeCycle.requestTextPort,
    chooseSaveFile: createFileChooser(choosing),
    chooseModelFile: createModelChooser(choosing),
  });
  app.on('second-instance', () => {
    if (window.isDestroyed()) return;
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  quitInGoodOrder(lifeCycle);
  lockOnSystemEvents({
    powerMonitor,
    platform: process.platform,
    lock: lifeCycle.lock,
    quit: () => {
      page.blank();
      app.quit();
    },
    every: (intervalMs, act) => {
      setInterval(act, intervalMs);
    },
  });

  lifeCycle.begin();
  page.load();
}

/** The vault puts a running answer into the log and closes the database before the app ends. */
function quitInGoodOrder(lifeCycle: LifeCycle): void {
  let asked = false;
  app.on('window-all-closed', () => {
    app.quit();
  });
  app.on('will-quit', (event) => {
    event.preventDefault();
    if (asked) return;
    asked = true;
    void lifeCycle.stop().finally(() => {
      app.exit(0);
    });
  });
}

async function startFacts(deps: {
  readonly settings: DevelopmentSettings;
  readonly flavour: Flavour;
  readonly dataFolder: string;
  readonly keychain: Keychain;
}): Promise<StartFacts> {
  const { settings, flavour, dataFolder, keychain } = deps;
  const models = join(app.isPackaged ? process.resourcesPath : app.getAppPath(), 'models');
  const [keychainFacts, appSha256] = await Promise.all([
    keychain.facts(),
    hashApp({ isPackaged: app.isPackaged, resourcesPath: process.resourcesPath }),
  ]);
  return {
    dataFolder,
    modelsFolder: settings.modelsFolder ?? models,
    cataloguePath: settings.cataloguePath ?? join(models, 'catalogue.json'),
    policyFolder: settings.policyFolder,
    flavour,
    version: app.getVersion(),
    appSha256,
    keychain: keychainFacts,
    testHooksFile: settings.testHooksFile,
  };
}

const restartBudget = (): RestartBudget =>
  createRestartBudget({ allowed: 5, windowMs: 120_000, now: () => performance.now() });
