import { chownSync, copyFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import { cacheFolder } from '../../build/setup/cache-folder.mjs';
import { appUser, ownFolder, prepareLaunch, type Keyring } from '../../build/setup/unprivileged.mjs';

/** A running Cloister, driven from outside. As root it runs as an unprivileged user, so Chromium's sandbox is on. */
export type RunningApp = {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly home: Home;
  /** From the launch to the first screen that a person can use, in ms. */
  readonly firstScreenMs: number;
  close(): Promise<void>;
};

/** A data folder and what stands beside it; survives restarts of the app within a test. */
export type Home = { readonly folder: string; readonly data: string; readonly hooks: string; remove(): void };

export function createHome(): Home {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-e2e-'));
  ownFolder(folder);
  const data = join(folder, 'data');
  return {
    folder,
    data,
    hooks: join(folder, 'hooks.json'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Gives a file, or a folder and all in it, to the user that the app runs as. */
export function giveToApp(path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = appUser();
  const inside = statSync(path).isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [];
  for (const entry of ['', ...inside]) chownSync(join(path, entry), uid, gid);
}

export type LaunchOptions = {
  readonly home: Home;
  /** The keychain that the app finds: one by this name that lasts for the test, or GNOME's told for and not there. Else `basic_text`. */
  readonly keyring?: { readonly name: string } | 'absent';
  readonly modelsFolder?: string;
  /** Null: the one that the app brings along. */
  readonly catalogue?: string | null;
  readonly theme?: 'light' | 'dark';
  readonly environment?: Readonly<Record<string, string>>;
  /** Runs the app under this command, for example strace. */
  readonly under?: readonly string[];
};

export async function launchApp(options: LaunchOptions): Promise<RunningApp> {
  const { home } = options;
  const { executablePath, appFolder, chromiumSandbox } = prepareLaunch({
    keyring: keyringOf(options),
    under: options.under ?? [],
  });
  const startedAt = performance.now();
  const app = await _electron.launch({
    executablePath,
    chromiumSandbox,
    // Playwright would otherwise tell every page that the system is light.
    colorScheme: null,
    args: ['-r', driverGate(home), appFolder],
    cwd: home.folder,
    env: {
      ...withoutRunAsNode(process.env),
      CLOISTER_DATA_FOLDER: home.data,
      CLOISTER_MODELS_FOLDER: options.modelsFolder ?? join(cacheFolder(), 'models'),
      CLOISTER_TEST_HOOKS: home.hooks,
      CLOISTER_THEME: options.theme ?? 'light',
      ...(options.catalogue === undefined || options.catalogue === null
        ? {}
        : { CLOISTER_CATALOGUE: options.catalogue }),
      ...options.environment,
    },
  });
  const page = await app.firstWindow();
  await page.getByRole('heading').first().waitFor();
  return { app, page, home, firstScreenMs: performance.now() - startedAt, close: () => closeApp(app) };
}

/** Another app, for a comparison: the same executable, user, sandbox and driver. */
export async function launchBare(home: Home, appFolder: string) {
  const { executablePath, chromiumSandbox } = prepareLaunch({ appFolder });
  const startedAt = performance.now();
  const app = await _electron.launch({
    executablePath,
    chromiumSandbox,
    colorScheme: null,
    args: ['-r', driverGate(home), `--user-data-dir=${join(home.folder, 'bare')}`, appFolder],
    cwd: home.folder,
    env: withoutRunAsNode(process.env),
  });
  const page = await app.firstWindow();
  await page.getByRole('heading').first().waitFor();
  return { app, firstScreenMs: performance.now() - startedAt, close: () => closeApp(app) };
}

function keyringOf({ home, keyring }: LaunchOptions): Keyring | null {
  if (keyring === undefined || keyring === 'absent') return keyring ?? null;
  const folder = join(home.folder, 'keyrings', keyring.name);
  for (const each of [join(folder, '..'), folder]) ownFolder(each);
  return { folder };
}

/** Where the app's user can read it. */
function driverGate(home: Home): string {
  const path = join(home.folder, 'wait-for-driver.cjs');
  copyFileSync(join(import.meta.dirname, 'wait-for-driver.cjs'), path);
  giveToApp(path);
  return path;
}

/** Ends the app in good order; one that is gone already is all right. */
async function closeApp(app: ElectronApplication): Promise<void> {
  await app.close().catch(() => undefined);
}

/** Process id of one of the app's own processes, by the name that main gave it. */
export async function processId(
  { app }: RunningApp,
  name: 'Cloister vault' | 'Cloister inference' | 'Cloister downloads',
): Promise<number> {
  const found = await app.evaluate(
    ({ app: electronApp }, wanted) =>
      electronApp.getAppMetrics().find((metric) => metric.name === wanted)?.pid,
    name,
  );
  if (found === undefined) throw new Error(`the app has no process "${name}"`);
  return found;
}

/** The runner may itself be Electron working as Node; the app must not. */
function withoutRunAsNode(environment: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[0] !== 'ELECTRON_RUN_AS_NODE' && entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}

/** Answers the next native save dialog with this path: a dialog of the operating system cannot be driven from here. */
export async function answerSaveDialog(app: ElectronApplication, filePath: string): Promise<void> {
  await app.evaluate(({ dialog }, path) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: path });
  }, filePath);
}
