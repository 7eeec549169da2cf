import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { createHome, type Home } from '../harness/launch-app.ts';
import { outsideTargetsOf } from './planted-run.ts';
import type { SocketTarget } from './strace-targets.ts';
import { tryWebRtc } from './web-rtc-probe.ts';

/** WebRTC is past the content policy and past `webRequest`: each wall that stands in its way, alone, and the check without them. */

/** Chromium sends the first packet of a peer connection within a tenth of a second. */
const gatherMs = 4000;

let home: Home;
test.beforeEach(() => {
  home = createHome();
});
test.afterEach(() => {
  home.remove();
});

const probe = (from: 'page' | 'frame'): string => `(${tryWebRtc.toString()})('${from}', ${String(gatherMs)})`;
const told = (): unknown => JSON.parse(readFileSync(join(home.folder, 'told.json'), 'utf8'));

/** An entry whose own window, the first one that is loaded, is asked; `before` comes first and may be Cloister. */
const entry = (parts: {
  readonly before: string;
  readonly window: string;
  readonly from?: 'frame';
}): string => `
  import { app, BrowserWindow } from 'electron'; import { writeFileSync } from 'node:fs';
  const tell = (outcome) => { writeFileSync(${JSON.stringify(join(home.folder, 'told.json'))}, JSON.stringify(outcome)); };
  const ask = (contents) => {
    contents.on('render-process-gone', (_event, { reason }) => { tell({ reason }); setTimeout(() => app.exit(), 2000); });
    contents.once('did-finish-load', () => contents.executeJavaScript(${JSON.stringify(probe(parts.from ?? 'page'))})
      .then(tell, (error) => tell(String(error))).finally(() => app.exit()));
  };
  ${parts.before}
  ${parts.window}`;

const cloister = "await import('./out/main/main.js');";
const itsWindow = "app.once('browser-window-created', (_event, window) => ask(window.webContents));";
/** In the session of our page, but without its preload. */
const withoutPreload = `app.whenReady().then(() => {
  const window = new BrowserWindow({ show: false, webPreferences: { partition: 'page', sandbox: true } });
  ask(window.webContents); return window.loadURL('app://cloister/stopped');
});`;

test('a script in our page finds no object of WebRTC or WebTransport and opens no socket', async () => {
  const targets = await outsideTargetsOf(home, entry({ before: itsWindow, window: cloister }), 'island');
  expect({ told: told(), targets }).toEqual({ told: { objects: [], candidates: [] }, targets: [] });
});

test('a frame, which has those objects, ends the page before it has opened a socket', async () => {
  const planted = entry({ before: itsWindow, window: cloister, from: 'frame' });
  const targets = await outsideTargetsOf(home, planted, 'island');
  expect({ told: told(), targets }).toEqual({ told: { reason: 'killed' }, targets: [] });
});

test('a page that has those objects gets no candidate, looks nothing up and sends nothing', async () => {
  const planted = entry({ before: cloister, window: withoutPreload });
  const targets = await outsideTargetsOf(home, planted, 'island');
  expect(told()).toMatchObject({ objects: expect.arrayContaining(['RTCPeerConnection']), candidates: [] });
  expect(targets.filter(sendsOrListens)).toEqual([]);
});

test('the check turns red without the walls', async () => {
  const window = `app.whenReady().then(() => {
    const window = new BrowserWindow({ show: false });
    ask(window.webContents); return window.loadURL('data:text/html,<title>planted</title>');
  });`;
  const targets = await outsideTargetsOf(home, entry({ before: '', window }), 'island');
  expect(told()).toMatchObject({
    objects: expect.arrayContaining(['RTCPeerConnection', 'RTCDataChannel']),
    candidates: expect.arrayContaining([expect.stringMatching(/ typ host/)]),
  });
  const sent = (target: Partial<SocketTarget>): void =>
    expect(targets.filter(sendsOrListens)).toContainEqual(expect.objectContaining(target));
  sent({ call: 'sendto', address: '192.0.2.7', port: 3478 });
  sent({ call: 'sendto', address: '224.0.0.251', port: 5353 });
  sent({ call: 'connect', protocol: 'TCP', address: '192.0.2.8', port: 3478 });
});

/**
 * A packet, a listener for multicast, or a connection. Left out: WebRTC asks for the own address by connecting a UDP socket,
 * and reserves one on a free port, even where UDP is forbidden to it. Neither sends anything, and nothing reads the second.
 */
function sendsOrListens({ call, protocol, address, port }: SocketTarget): boolean {
  if (call === 'connect') return !protocol.startsWith('UDP');
  return !(
    call === 'bind' &&
    protocol.startsWith('UDP') &&
    ['0.0.0.0', '::'].includes(address) &&
    port === 0
  );
}
