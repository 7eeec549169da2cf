import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Session, WebContents, WebFrameMain } from 'electron';
import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy } from './app-protocol.ts';
import { chromiumSwitches } from './chromium-switches.ts';
import { pagePreferences } from './page-preferences.ts';
import { closeSession } from './session-policy.ts';
import { isFromOurPage } from './shell-requests.ts';
import { releaseElectronVersion } from './start-refusal.ts';
import { closeWebContents } from './web-contents-policy.ts';

/**
 * Electron's security checklist (https://www.electronjs.org/docs/latest/tutorial/security), one test for each of its
 * twenty items, as far as options and handlers show it. e2e/walls/ asserts the same on the running app.
 */

type Listener = (...input: readonly unknown[]) => unknown;

/** Keeps every handler and setting that a policy gives to a session or a page. */
function recorder(): {
  readonly target: object;
  readonly given: Map<string, Listener>;
  readonly settings: Map<string, unknown>;
} {
  const given = new Map<string, Listener>();
  const settings = new Map<string, unknown>();
  const keep = (name: string) => (value: unknown) => {
    if (typeof value === 'function') given.set(name, value as Listener);
    else settings.set(name, value);
  };
  const target = new Proxy(
    {
      on: (event: string, listener: Listener) => given.set(event, listener),
      webRequest: { onBeforeRequest: keep('onBeforeRequest') },
      getOSProcessId: () => 100,
    },
    { get: (own, name): unknown => Reflect.get(own, name) ?? keep(String(name)) },
  );
  return { target, given, settings };
}

const blocked: string[] = [];
const session = recorder();
closeSession(session.target as Session, (api) => blocked.push(api));
const page = recorder();
const ended: number[] = [];
closeWebContents(page.target as WebContents, {
  onBlocked: (api) => blocked.push(api),
  endProcess: (processId) => ended.push(processId),
});
const packaged = pagePreferences({ preload: '/preload.cjs', isPackaged: true });

function call(from: ReturnType<typeof recorder>, name: string, ...input: readonly unknown[]): unknown {
  const listener = from.given.get(name);
  if (listener === undefined) throw new Error(`nothing handles ${name}`);
  return listener(...input);
}

/** Whether the request would be cancelled. */
function isCancelled(url: string): boolean {
  let cancelled: boolean | undefined;
  call(session, 'onBeforeRequest', { url }, (answer: { cancel: boolean }) => (cancelled = answer.cancel));
  if (cancelled === undefined) throw new Error('no answer');
  return cancelled;
}

function isPrevented(from: ReturnType<typeof recorder>, event: string): boolean {
  let prevented = false;
  call(
    from,
    event,
    { preventDefault: () => (prevented = true) },
    [],
    () => undefined,
    () => undefined,
  );
  return prevented;
}

const root = join(import.meta.dirname, '../..');

/** Our own sources that go into the app, without tests. */
function sources(): readonly { readonly path: string; readonly text: string }[] {
  return ['electron', 'renderer']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((path) => /\.(ts|tsx|html)$/.test(path) && !/\.test\.tsx?$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const naming = (pattern: RegExp): readonly string[] =>
  sources()
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path);

describe("Electron's security checklist", () => {
  it('1: loads nothing but our own scheme', () => {
    const elsewhere = [
      'http://127.0.0.1:8080/',
      'https://example.org/',
      'ws://127.0.0.1:8080/',
      'wss://example.org/',
      'file:///etc/passwd',
      'ftp://example.org/',
      'blob:app://cloister/1',
      'data:text/html,x',
      'chrome://version/',
      'devtools://devtools/bundled/inspector.html',
      'app://cloister.example/',
      'app://cloister@example.org/',
      'app://other/',
      'APP://CLOISTER/',
    ];
    expect(elsewhere.filter((url) => !isCancelled(url))).toEqual([]);
    expect(blocked).toEqual(elsewhere.map(() => 'session.request'));
    expect(isCancelled('app://cloister/index.html')).toBe(false);
  });

  it('2: gives no page Node', () => {
    expect(packaged).toMatchObject({
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
    });
  });

  it('3: isolates the preload from the page', () => {
    expect(packaged.contextIsolation).toBe(true);
  });

  it('4: runs pages in the sandbox, and switches it off nowhere', () => {
    expect(packaged.sandbox).toBe(true);
    expect(chromiumSwitches.map(([name]) => name).filter((name) => name.includes('sandbox'))).toEqual([]);
    expect(readFileSync(join(import.meta.dirname, 'harden-chromium.ts'), 'utf8')).toContain(
      'app.enableSandbox();',
    );
  });

  it('5: grants no permission, whether asked or checked', () => {
    const answers: unknown[] = [];
    for (const permission of ['media', 'geolocation', 'clipboard-read', 'openExternal', 'fullscreen'])
      call(session, 'setPermissionRequestHandler', null, permission, (granted: unknown) =>
        answers.push(granted),
      );
    expect(answers).toEqual([false, false, false, false, false]);
    expect(call(session, 'setPermissionCheckHandler', null, 'media', 'app://cloister')).toBe(false);
    expect(call(session, 'setDevicePermissionHandler', { deviceType: 'usb' })).toBe(false);
    call(session, 'setDisplayMediaRequestHandler', {}, (streams: unknown) => answers.push(streams));
    call(session, 'setBluetoothPairingHandler', {}, (answer: unknown) => answers.push(answer));
    expect(answers.slice(5)).toEqual([{}, { confirmed: false }]);
    expect(
      ['select-hid-device', 'select-serial-port', 'select-usb-device', 'will-download'].map((event) =>
        isPrevented(session, event),
      ),
    ).toEqual([true, true, true, true]);
  });

  it('6: leaves web security on', () => {
    expect(packaged.webSecurity).toBe(true);
  });

  it('7: has a policy that begins with nothing', () => {
    expect(contentSecurityPolicy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  });

  it('8: runs no insecure content', () => {
    expect(packaged.allowRunningInsecureContent).toBe(false);
  });

  it('9: has no experimental features', () => {
    expect(packaged.experimentalFeatures).toBe(false);
  });

  it('10: enables no Blink feature', () => {
    expect([packaged.enableBlinkFeatures, naming(/enableBlinkFeatures|enable-blink-features/)]).toEqual([
      undefined,
      [],
    ]);
  });

  it('11: has no webview that could open windows', () => {
    expect([packaged.webviewTag, naming(/<webview|allowpopups/)]).toEqual([false, []]);
  });

  it('12: attaches no webview', () => {
    expect(isPrevented(page, 'will-attach-webview')).toBe(true);
  });

  it('13: lets no page and no frame navigate', () => {
    expect(
      ['will-navigate', 'will-frame-navigate', 'will-redirect'].map((event) => isPrevented(page, event)),
    ).toEqual([true, true, true]);
    expect(packaged.navigateOnDragDrop).toBe(false);
  });

  it('14: opens no window for a page', () => {
    expect(call(page, 'setWindowOpenHandler', { url: 'app://cloister/' })).toEqual({ action: 'deny' });
  });

  it('15: hands nothing to the operating system to open', () => {
    expect(naming(/\bopenExternal\(|\bopenPath\(|\bshell\b[^;\n]*\} from 'electron'/)).toEqual([]);
  });

  it('16: releases on one named version of Electron', () => {
    expect(releaseElectronVersion).toMatch(/^\d+\.\d+\.\d+$/);
    expect(Number.parseInt(releaseElectronVersion)).toBeGreaterThanOrEqual(45);
  });

  it('17: answers only the main frame of our page in our window', () => {
    const ours = {} as WebContents;
    const frame = (facts: object): WebFrameMain =>
      ({ parent: null, origin: 'app://cloister', url: 'app://cloister/', ...facts }) as WebFrameMain;
    const cases: readonly (readonly [string, WebContents, WebFrameMain | null, boolean])[] = [
      ['our page', ours, frame({}), true],
      ['another window', {} as WebContents, frame({}), false],
      ['a frame that is gone', ours, null, false],
      ['a frame inside our page', ours, frame({ parent: frame({}) }), false],
      ['another origin', ours, frame({ origin: 'https://example.org', url: 'https://example.org/' }), false],
      ['an opaque origin', ours, frame({ origin: 'null' }), false],
      ['an empty page', ours, frame({ origin: '', url: 'about:blank' }), false],
      ['a URL that only looks like ours', ours, frame({ url: 'app://cloister.example/' }), false],
    ];
    expect(
      cases.map(([name, sender, senderFrame]) => [name, isFromOurPage({ sender, senderFrame }, ours)]),
    ).toEqual(cases.map(([name, , , expected]) => [name, expected]));
  });

  it('18: uses no file URL', () => {
    expect(naming(/loadFile\(|file:\/\//)).toEqual([]);
  });

  it('19: decides on every fuse, and those that would let others in are off', () => {
    const fuses = readFileSync(join(root, 'build/package/fuses.ts'), 'utf8');
    expect(fuses).toContain('strictlyRequireAllFuses: true');
    for (const off of [
      'RunAsNode',
      'EnableNodeOptionsEnvironmentVariable',
      'EnableNodeCliInspectArguments',
      'GrantFileProtocolExtraPrivileges',
    ])
      expect(fuses).toContain(`[FuseV1Options.${off}]: false`);
    for (const on of ['EnableEmbeddedAsarIntegrityValidation', 'OnlyLoadAppFromAsar'])
      expect(fuses).toContain(`[FuseV1Options.${on}]: true`);
  });

  it('20: exposes five requests and nothing of Electron', () => {
    const preload = readFileSync(join(root, 'electron/preload/preload.ts'), 'utf8');
    expect(preload.match(/exposeInMainWorld/g)).toHaveLength(1);
    expect(preload).not.toMatch(/ipcRenderer[,;]|: ipcRenderer\b/);
    expect(naming(/exposeInMainWorld|from 'electron'.*contextBridge/)).toEqual([
      'electron/preload/preload.ts',
    ]);
  });
});

describe('besides the checklist', () => {
  it('no certificate is good', () => {
    const answers: unknown[] = [];
    call(session, 'setCertificateVerifyProc', { hostname: 'x' }, (code: unknown) => answers.push(code));
    expect(answers).toEqual([-2]);
  });

  it('a page that makes a frame is ended: the frame would have WebRTC', () => {
    blocked.length = 0;
    call(page, 'frame-created', {}, { frame: { parent: null } });
    expect([ended, blocked]).toEqual([[], []]);
    call(page, 'frame-created', {}, { frame: { parent: {} } });
    // A frame that is gone by now was one.
    call(page, 'frame-created', {}, { frame: null });
    expect([ended, blocked]).toEqual([
      [100, 100],
      ['page.frame', 'page.frame'],
    ]);
  });

  it('WebRTC has no address to use, looks no name up over multicast, and is not in the page', () => {
    expect(page.settings.get('setWebRTCIPHandlingPolicy')).toBe('disable_non_proxied_udp');
    expect(chromiumSwitches).toContainEqual(['disable-features', 'WebRtcHideLocalIpsWithMdns']);
    expect(readFileSync(join(root, 'electron/preload/preload.ts'), 'utf8')).toContain(
      'contextBridge.executeInMainWorld({ func: removeNetworkObjects });',
    );
  });

  it('the spell-checker is off and its download leads nowhere', () => {
    expect([session.settings.get('setSpellCheckerEnabled'), packaged.spellcheck]).toEqual([false, false]);
    expect(session.settings.get('setSpellCheckerDictionaryDownloadURL')).toBe(
      process.platform === 'darwin' ? undefined : 'http://127.0.0.1:0/',
    );
  });

  it('a packaged page has no developer tools', () => {
    expect([packaged.devTools, pagePreferences({ preload: '/p', isPackaged: false }).devTools]).toEqual([
      false,
      true,
    ]);
  });

  it('what a page stores is never written to the disk', () => {
    expect(packaged.partition).not.toMatch(/^persist:/);
  });

  it('nothing reports crashes or looks for updates', () => {
    expect(naming(/\bcrashReporter\b|\bautoUpdater\b/)).toEqual([]);
  });
});
