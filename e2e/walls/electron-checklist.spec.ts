import { expect, test } from '@playwright/test';
import type { Shell } from '../../electron/shared/shell-contract.ts';
import { createHome, launchApp, type Home, type RunningApp } from '../harness/launch-app.ts';

declare global {
  // oxlint-disable-next-line consistent-type-definitions -- the global Window is an interface
  interface Window {
    readonly cloisterShell: Shell;
  }
}

/** Electron's security checklist on the running app: what electron/main/security-checklist.test.ts reads from options, seen in effect. */

let home: Home;
let running: RunningApp;
test.beforeAll(async () => {
  home = createHome();
  running = await launchApp({ home });
});
test.afterAll(async () => {
  await running.close();
  home.remove();
});

test('the page is sandboxed, isolated, has no Node and five requests of the shell', async () => {
  const { app, page } = running;
  expect(
    await page.evaluate(() => ({
      node: ['require', 'process', 'module', 'Buffer', 'global'].filter((name) => name in globalThis),
      shell: Object.keys(window.cloisterShell),
      origin: location.origin,
      secure: isSecureContext,
    })),
  ).toEqual({
    node: [],
    shell: ['requestTextPort', 'getTheme', 'setTheme', 'chooseSaveFile', 'chooseModelFile', 'print'],
    origin: 'app://cloister',
    secure: true,
  });
  expect(await app.evaluate(({ app: electron }) => electron.commandLine.hasSwitch('no-sandbox'))).toBe(false);
  // What the operating system says of the page's process, not what was asked for: 2 is a filter on system calls.
  const filters = await app.evaluate(({ app: electron }) =>
    electron
      .getAppMetrics()
      .filter(({ type }) => type === 'Tab')
      .map(({ pid }) =>
        process.getBuiltinModule('node:fs').readFileSync(`/proc/${String(pid)}/status`, 'utf8'),
      )
      .map((status) => /^Seccomp:\t(\d)/m.exec(status)?.[1]),
  );
  expect(filters).toEqual(['2']);
});

test('no permission is granted', async () => {
  const states = await running.page.evaluate(async () => {
    const names = [
      'geolocation',
      'notifications',
      'camera',
      'microphone',
      'clipboard-read',
      'clipboard-write',
      'midi',
    ];
    const asked = names.map(
      async (name) => (await navigator.permissions.query({ name: name as PermissionName })).state,
    );
    return [...new Set(await Promise.all(asked)), await Notification.requestPermission()];
  });
  expect(states).toEqual(['denied', 'denied']);
  expect(
    await running.page.evaluate(() =>
      Promise.all([
        navigator.clipboard.readText().catch((error: Error) => error.name),
        navigator.mediaDevices.getDisplayMedia().then(
          () => 'granted',
          (error: Error) => error.name,
        ),
      ]),
    ),
  ).toEqual(['NotAllowedError', 'NotAllowedError']);
});

test('text can be copied without any permission', async () => {
  const heading = await running.page.evaluate(() => {
    const element = document.querySelector('h1, h2') as HTMLElement;
    getSelection()?.selectAllChildren(element);
    return { copied: document.execCommand('copy'), text: element.innerText };
  });
  expect(heading.copied).toBe(true);
  expect(await running.app.evaluate(({ clipboard }) => clipboard.readText())).toBe(heading.text);
});

test('the content policy stops inline code, code from data, evaluated code and every connection', async () => {
  const { page } = running;
  const outcome = await page.evaluate(async () => {
    const run = (change: (script: HTMLScriptElement) => void): void => {
      const script = document.createElement('script');
      change(script);
      document.body.append(script);
      script.remove();
    };
    const failed = (act: () => Promise<unknown>): Promise<string> =>
      act().then(
        () => 'went through',
        (error: Error) => error.name,
      );
    const socket = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const opened = new WebSocket('ws://127.0.0.1:40009');
        opened.onopen = resolve;
        opened.onerror = () => reject(new TypeError());
      });
    // Some of these fail without a word to their caller; the policy's own events tell.
    const heard: string[] = [];
    const heardAll = new Promise<void>((resolve) =>
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
        heard.push(`${effectiveDirective} ${blockedURI}`);
        if (heard.length === 4) resolve();
      }),
    );
    run((script) => (script.textContent = 'globalThis.ran = "inline"'));
    run((script) => (script.src = 'data:text/javascript,globalThis.ran = "data"'));
    // oxlint-disable-next-line no-implied-eval -- what the policy must stop
    setTimeout('globalThis.ran = "evaluated"');
    navigator.sendBeacon('https://192.0.2.1/');
    await heardAll;
    return {
      heard: heard.toSorted(),
      ran: Reflect.get(globalThis, 'ran') as unknown,
      fetches: await Promise.all(
        ['http://127.0.0.1:40009/', 'https://192.0.2.1/', 'file:///etc/passwd', 'data:,x'].map((url) =>
          failed(() => fetch(url)),
        ),
      ),
      socket: await failed(socket),
    };
  });
  expect(outcome).toEqual({
    heard: [
      'connect-src https://192.0.2.1/',
      'script-src eval',
      'script-src-elem data',
      'script-src-elem inline',
    ],
    ran: undefined,
    fetches: ['TypeError', 'TypeError', 'TypeError', 'TypeError'],
    socket: 'TypeError',
  });
});

test('the page stays where it is, opens nothing and downloads nothing', async () => {
  const { app, page } = running;
  const downloads: unknown[] = [];
  page.on('download', (download) => downloads.push(download));
  const opened = await page.evaluate(() => {
    const click = (change: (link: HTMLAnchorElement) => void): void => {
      const link = document.createElement('a');
      change(link);
      link.click();
    };
    click((link) => (link.href = 'https://192.0.2.1/'));
    click((link) => (link.href = 'app://cloister/stopped'));
    click((link) => Object.assign(link, { href: 'data:text/plain,x', download: 'x.txt' }));
    click((link) => Object.assign(link, { href: URL.createObjectURL(new Blob(['x'])), download: 'y.txt' }));
    document.title = 'SYN-0042';
    return window.open('app://cloister/');
  });
  // A round trip through main, behind everything that was asked for above.
  await page.evaluate(() => window.cloisterShell.getTheme());
  expect([opened, page.url(), app.windows().length, downloads]).toEqual([null, 'app://cloister/', 1, []]);
  expect(
    await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => window.getTitle()),
    ),
  ).toEqual(['Cloister']);
});

test('no session loads anything but our scheme, one that is made later included', async () => {
  const codes = await running.app.evaluate(async ({ BrowserWindow }) => {
    const load = async (url: string, partition?: string): Promise<string> => {
      const window = new BrowserWindow({
        show: false,
        webPreferences: partition === undefined ? {} : { partition },
      });
      try {
        await window.loadURL(url);
        return 'loaded';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'no code';
      } finally {
        window.destroy();
      }
    };
    const urls = [
      'http://127.0.0.1:40009/',
      'https://192.0.2.1/',
      'file:///etc/passwd',
      'data:text/html,x',
      'chrome://version',
    ];
    return Promise.all(urls.flatMap((url) => [load(url), load(url, 'page'), load(url, 'made-later')]));
  });
  expect(new Set(codes)).toEqual(new Set(['ERR_BLOCKED_BY_CLIENT']));
});

test('the spell-checker is off and the page keeps nothing on the disk', async () => {
  expect(
    await running.app.evaluate(({ session }) => {
      const page = session.fromPartition('page');
      return [
        session.defaultSession.isSpellCheckerEnabled(),
        page.isSpellCheckerEnabled(),
        page.isPersistent(),
      ];
    }),
  ).toEqual([false, false, false]);
});

test('another sender gets no answer from the shell', async () => {
  const answer = await running.app.evaluate(async ({ BrowserWindow, app: electron }) => {
    const [ours] = BrowserWindow.getAllWindows();
    const preload = `${electron.getAppPath()}/out/preload/preload.cjs`;
    const other = new BrowserWindow({
      show: false,
      webPreferences: { preload, partition: 'page', sandbox: true, contextIsolation: true },
    });
    try {
      await other.loadURL('app://cloister/');
      const asked = `window.cloisterShell.getTheme().then(() => 'answered', (error) => error.message)`;
      const answers: unknown[] = [
        await ours?.webContents.executeJavaScript(asked),
        await other.webContents.executeJavaScript(asked),
      ];
      return answers;
    } finally {
      other.destroy();
    }
  });
  expect(answer).toEqual(['answered', expect.stringContaining('this sender may not ask')]);
});

test('our processes get no environment of the session that they do not need', async () => {
  const environments = await running.app.evaluate(({ app: electron }) =>
    electron
      .getAppMetrics()
      .filter(({ name }) => name === 'Cloister vault' || name === 'Cloister inference')
      .map(({ pid }) =>
        process.getBuiltinModule('node:fs').readFileSync(`/proc/${String(pid)}/environ`, 'utf8'),
      ),
  );
  expect(environments).toHaveLength(2);
  for (const environment of environments)
    expect(environment).not.toMatch(/NODE_OPTIONS|CLOISTER_TEST_HOOKS|_PROXY=/i);
});
