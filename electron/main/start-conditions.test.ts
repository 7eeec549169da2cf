import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App, NativeTheme } from 'electron';
import { afterAll, describe, expect, it } from 'vitest';
import { childEnvironment } from './child-environment.ts';
import { endOnBug } from './end-on-bug.ts';
import { readDevelopmentSettings } from './development-settings.ts';
import { createRestartBudget } from './restart-budget.ts';
import { chooseDataFolder, holdSingleInstance } from './single-instance.ts';
import { openTheme } from './theme.ts';

const folder = mkdtempSync(join(tmpdir(), 'start-conditions-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const environment = {
  CLOISTER_DATA_FOLDER: '/a/data',
  CLOISTER_MODELS_FOLDER: '/a/models',
  CLOISTER_CATALOGUE: '/a/catalogue.json',
  CLOISTER_TEST_HOOKS: '/a/hooks.json',
  CLOISTER_THEME: 'dark',
  CLOISTER_SCREEN_CAPTURE: 'allowed',
};

describe('the environment', () => {
  it('decides in a development run', () => {
    expect(readDevelopmentSettings(environment, false)).toEqual({
      dataFolder: '/a/data',
      modelsFolder: '/a/models',
      cataloguePath: '/a/catalogue.json',
      policyFolder: null,
      testHooksFile: '/a/hooks.json',
      theme: 'dark',
      screenCaptureAllowed: true,
    });
  });

  it('decides nothing in a package, wrong values included', () => {
    expect(
      readDevelopmentSettings({ ...environment, CLOISTER_THEME: 'pink', CLOISTER_DATA_FOLDER: 'x' }, true),
    ).toEqual({
      dataFolder: null,
      modelsFolder: null,
      cataloguePath: null,
      policyFolder: null,
      testHooksFile: null,
      theme: null,
      screenCaptureAllowed: false,
    });
  });

  it.each([{ CLOISTER_DATA_FOLDER: 'relative/folder' }, { CLOISTER_THEME: 'pink' }])(
    'is refused when it is wrong: %j',
    (wrong) => {
      expect(() => readDevelopmentSettings(wrong, false)).toThrow(/^CLOISTER_/);
    },
  );

  it('reaches our processes only in the parts that they need', () => {
    expect(
      childEnvironment(
        {
          HOME: '/home/a',
          LANG: 'en',
          PATH: '/bin',
          NODE_OPTIONS: '--inspect',
          HTTPS_PROXY: 'x',
          CLOISTER_TEST_HOOKS: '/x',
        },
        { UV_THREADPOOL_SIZE: '1' },
      ),
    ).toEqual({ HOME: '/home/a', LANG: 'en', UV_THREADPOOL_SIZE: '1' });
  });
});

/** As much of Electron's `app` as the lock needs. */
function appWith(paths: Record<string, string>, isFirst: boolean): App {
  return {
    setPath: (name: string, path: string) => void (paths[name] = path),
    getPath: (name: string) => paths[name],
    requestSingleInstanceLock: () => isFirst,
  } as unknown as App;
}

const noSettings = readDevelopmentSettings({}, false);

describe('the data folder', () => {
  it('is another one for a development build than for the release beside it', () => {
    const app = appWith({ appData: '/home/a/.config' }, true);
    expect([
      chooseDataFolder(app, 'release', noSettings),
      chooseDataFolder(app, 'development', noSettings),
      chooseDataFolder(app, 'development', { ...noSettings, dataFolder: '/b' }),
    ]).toEqual(['/home/a/.config/Cloister', '/home/a/.config/Cloister development', '/b']);
  });

  it("is made for this user alone, with Chromium's own files in a folder of their own", () => {
    const paths: Record<string, string> = {};
    const data = join(folder, 'deep', 'data');
    expect(holdSingleInstance(appWith(paths, true), data)).toBe(true);
    expect([(statSync(data).mode & 0o777).toString(8), paths['userData'], paths['sessionData']]).toEqual([
      '700',
      data,
      join(data, 'chromium'),
    ]);
  });

  it('is for one instance: a second one does not go on', () => {
    expect(holdSingleInstance(appWith({}, false), join(folder, 'taken'))).toBe(false);
  });

  it('that cannot be written has no lock, so the start goes on and the vault tells why', () => {
    writeFileSync(join(folder, 'a-file'), '');
    expect(holdSingleInstance(appWith({}, false), join(folder, 'a-file', 'data'))).toBe(true);
  });
});

describe('the theme', () => {
  const open = (forced: 'dark' | null = null) =>
    openTheme({
      nativeTheme: { themeSource: 'system', shouldUseDarkColors: false } as NativeTheme,
      dataFolder: folder,
      forced,
    });

  it('is kept for the next start', () => {
    open().set('dark');
    expect(open().get()).toBe('dark');
  });

  it("is the system's when nothing sensible was kept", () => {
    writeFileSync(join(folder, 'appearance.json'), '{"theme":"pink"}');
    expect(open().get()).toBe('system');
    expect(open('dark').get()).toBe('dark');
  });

  it('changes for now where it cannot be kept', () => {
    const theme = openTheme({
      nativeTheme: { themeSource: 'system', shouldUseDarkColors: true } as NativeTheme,
      dataFolder: join(folder, 'not-there'),
      forced: null,
    });
    theme.set('light');
    expect([theme.get(), theme.background()]).toEqual(['light', '#16181b']);
  });
});

describe('the restart budget', () => {
  it('counts the ends within its window only', () => {
    let now = 0;
    const budget = createRestartBudget({ allowed: 2, windowMs: 100, now: () => now });
    const spend = (at: number): boolean => ((now = at), budget.spend());
    expect([spend(0), spend(10), spend(20), spend(109), spend(250)]).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
  });
});

describe('a bug in the main process', () => {
  it('ends the app with a sentence that quotes nothing of it', () => {
    const process = new EventEmitter();
    const told: string[] = [];
    endOnBug({
      process: process as unknown as NodeJS.Process,
      dialog: { showErrorBox: (title, content) => told.push(`${title}: ${content}`) },
      app: { exit: (exitCode) => told.push(`exit ${String(exitCode)}`) },
    });
    process.emit('uncaughtException', new Error('SYN-0042'));
    expect(told).toEqual([expect.stringMatching(/^Cloister has stopped: (?!.*SYN).*recorded/), 'exit 70']);
  });
});
