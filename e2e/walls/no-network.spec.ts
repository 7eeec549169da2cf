import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { createHome, launchApp, type Home } from '../harness/launch-app.ts';
import { clinician } from '../harness/people.ts';
import { firstRun, signIn, signOut } from '../harness/screens.ts';
import { outsideTargetsOf } from './planted-run.ts';
import {
  boundNames,
  isLoopback,
  outsideTargets,
  parseSocketTargets,
  straceCommand,
} from './strace-targets.ts';

/**
 * Nothing leaves the machine, asked of the operating system: the whole app, native code included, runs under strace.
 * Linux only; the walls that it looks at are the same on every system.
 */

/** A while with nothing to do is what is looked at here: look-ups at start and timers of Chromium's come in it. */
const idleMs = 15_000;

/** An address of TEST-NET-1, which no router forwards; and the planted runs have no network interface to begin with. */
const plantedUrl = 'http://192.0.2.1/';

let home: Home;
test.beforeEach(() => {
  home = createHome();
});
test.afterEach(() => {
  home.remove();
});

test('set-up, sign-in, an idle while and sign-out name no address outside this machine', async () => {
  const trace = join(home.folder, 'trace.txt');
  const running = await launchApp({ home, under: straceCommand(trace) });
  await firstRun(running);
  await signIn(running.page, clinician);
  await running.page.waitForTimeout(idleMs);
  const names = await running.app.evaluate(({ app }) => app.getAppMetrics().map(({ name }) => name));
  expect(names).toContain('Cloister vault');
  expect(names).not.toContain('Cloister downloads');
  await signOut(running.page);
  await running.close();

  const seen = readFileSync(trace, 'utf8');
  // Chromium's own says to a second start that one is running already.
  const listening = boundNames(seen).filter((name) => !name.endsWith('/SingletonSocket'));
  expect(listening).toEqual([join(home.data, 'control.sock')]);
  const targets = parseSocketTargets(seen);
  expect(outsideTargets(targets)).toEqual([]);
  // The debugger's port, through which this test drives the app: the check did look at the right processes.
  expect(targets.filter(({ call, address }) => call === 'bind' && isLoopback(address))).not.toEqual([]);
});

test.describe('the check turns red', () => {
  const withoutGuard = `import { app } from 'electron'; import dns from 'node:dns';`;
  const thenCloister = `await import('./out/main/main.js'); app.whenReady().then(() => setTimeout(() => app.quit(), 3000));`;

  test('for a fetch of Node that the guard does not stop', async () => {
    const planted = `${withoutGuard} fetch('${plantedUrl}').catch(() => {}); ${thenCloister}`;
    expect(await outsideTargetsOf(home, planted)).toContainEqual(
      expect.objectContaining({ call: 'connect', address: '192.0.2.1', port: 80 }),
    );
  });

  test('for a look-up of a name that the guard does not stop', async () => {
    const planted = `${withoutGuard} dns.setServers(['192.0.2.53']); dns.resolve4('planted.invalid', () => {}); ${thenCloister}`;
    expect(await outsideTargetsOf(home, planted)).toContainEqual(
      expect.objectContaining({ address: '192.0.2.53', port: 53 }),
    );
  });

  test("for a request of Chromium's without the switches and the session policy", async () => {
    const planted = `import { app, net } from 'electron';
      app.whenReady().then(() => net.fetch('${plantedUrl}').catch(() => {})).then(() => app.exit());`;
    expect(await outsideTargetsOf(home, planted)).toContainEqual(
      expect.objectContaining({ call: 'connect', address: '192.0.2.1', port: 80 }),
    );
  });
});

test('the walls hold the same calls back, each wall for itself', async () => {
  const told = join(home.folder, 'told.json');
  // `request` is taken before the guard is there, so it is left to the session.
  const planted = `import { app, BrowserWindow, net } from 'electron'; import { writeFileSync } from 'node:fs';
    const { request } = net;
    await import('./out/main/main.js');
    const tell = (act) => Promise.resolve().then(act).then(() => 'went through', (error) => error.code ?? error.message);
    app.whenReady().then(async () => {
      const page = new BrowserWindow({ show: false, webPreferences: { partition: 'planted' } });
      writeFileSync(${JSON.stringify(told)}, JSON.stringify({
        node: await tell(() => fetch('${plantedUrl}')),
        chromium: await tell(() => net.fetch('${plantedUrl}')),
        session: await tell(() => new Promise((resolve, reject) => request('${plantedUrl}').on('error', reject).on('response', resolve).end())),
        page: await tell(() => page.loadURL('${plantedUrl}')),
      }));
      app.exit();
    });`;
  expect(await outsideTargetsOf(home, planted)).toEqual([]);
  expect(JSON.parse(readFileSync(told, 'utf8'))).toEqual({
    node: 'ERR_CLOISTER_NETWORK_BLOCKED',
    chromium: 'ERR_CLOISTER_NETWORK_BLOCKED',
    session: 'net::ERR_BLOCKED_BY_CLIENT',
    page: 'ERR_BLOCKED_BY_CLIENT',
  });
});
