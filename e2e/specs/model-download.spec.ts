import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority } from '../../electron/egress/certificate-fixture.ts';
import { serveBytes, serveSlowly } from '../../electron/egress/model-host-fixture.ts';
import { expectAccessible } from '../harness/accessible.ts';
import { processId, type Home, type LaunchOptions, type RunningApp } from '../harness/launch-app.ts';
import { mirroredPath, startMirror, type Mirror } from '../harness/model-mirror.ts';
import { administrator } from '../harness/people.ts';
import { signedPolicy } from '../harness/policy.ts';
import { button, modelReady, signIn, signOut } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';
import { outsideTargets, parseSocketTargets, straceCommand } from '../walls/strace-targets.ts';

/** The real app, its real egress process, and a mirror of the organisation on this machine, over TLS. */

let mirror: Mirror | null = null;
test.afterEach(async () => {
  await mirror?.host.close();
  mirror = null;
});

/** The administrator before the models, with a policy that allows downloads from the mirror. */
async function atModels(
  { home, launch }: { readonly home: Home; readonly launch: (options: LaunchOptions) => Promise<RunningApp> },
  { settings, modelsFolder, catalogue }: Mirror,
  changed: { readonly settings?: Readonly<Record<string, string>>; readonly under?: readonly string[] } = {},
): Promise<RunningApp> {
  const folder = signedPolicy(home, { ...settings, ...changed.settings });
  const environment = { CLOISTER_POLICY_FOLDER: folder };
  const running = await launch({ home, environment, modelsFolder, catalogue, under: changed.under ?? [] });
  await signIn(running.page, administrator);
  await openModels(running);
  return running;
}

const processes = ({ app }: RunningApp): Promise<readonly (string | undefined)[]> =>
  app.evaluate(({ app: electronApp }) => electronApp.getAppMetrics().map(({ name }) => name));
const openModels = ({ page }: RunningApp): Promise<void> => button(page, 'Models').click();
const row = ({ page }: RunningApp) => page.getByRole('region', { name: 'Download' }).getByRole('row').nth(1);

test('without a policy nothing can be downloaded, the screen says why, and there is no process for it', async ({
  home,
  models,
  launch,
}) => {
  mirror = await startMirror(home, models, serveBytes(readFileSync(models.file)));
  const running = await launch({ home, modelsFolder: mirror.modelsFolder, catalogue: mirror.catalogue });
  await signIn(running.page, administrator);
  await openModels(running);
  await expect(running.page.getByText(/policy of your organisation does not allow downloads/)).toBeVisible();
  await expect(running.page.getByRole('button', { name: /^Download/ })).toHaveCount(0);
  expect(await processes(running)).not.toContain('Cloister downloads');
  expect(mirror.host.connections()).toBe(0);
});

test('a model comes from the mirror, over a process that is killed in the middle and a lock, is recorded, and answers', async ({
  home,
  models,
  launch,
}) => {
  const bytes = readFileSync(models.file);
  mirror = await startMirror(home, models, serveSlowly(bytes, Math.ceil(bytes.length / 200), 50));
  const environment = { CLOISTER_POLICY_FOLDER: signedPolicy(home, mirror.settings) };
  const start = { home, environment, modelsFolder: mirror.modelsFolder, catalogue: mirror.catalogue };
  const running = await launch(start);
  const { page } = running;
  const part = `${mirror.file}.part`;
  const partBytes = (): number => (existsSync(part) ? statSync(part).size : 0);
  await signIn(page, administrator);
  await openModels(running);
  await expect(row(running)).toContainText('Not here');
  expect(await processes(running)).not.toContain('Cloister downloads');

  await button(page, /^Download: /).click();
  await expect(row(running)).toContainText(/Downloading [1-9]/);
  process.kill(await processId(running, 'Cloister downloads'), 'SIGKILL');
  await expect(row(running)).toContainText('connection broke');
  await expect(row(running)).toContainText('Stopped at');
  await expectAccessible(page, 'models, after a download that broke');
  const afterKill = partBytes();
  expect(afterKill).toBeGreaterThan(0);
  expect(readFileSync(part).equals(bytes.subarray(0, afterKill))).toBe(true);

  // Stopped by a person, and once more by the end of the session.
  await button(page, /^Resume: /).click();
  await expect.poll(partBytes).toBeGreaterThan(afterKill);
  await button(page, /^Stop: /).click();
  await expect(row(running)).toContainText('The download was stopped');
  await expect.poll(() => processes(running)).not.toContain('Cloister downloads');
  const afterStop = partBytes();
  await button(page, /^Resume: /).click();
  await expect.poll(partBytes).toBeGreaterThan(afterStop);
  await signOut(page);
  await expect.poll(() => processes(running)).not.toContain('Cloister downloads');
  const afterSignOut = partBytes();

  mirror.answer = serveBytes(bytes);
  await signIn(page, administrator);
  await openModels(running);
  await expect(row(running)).toContainText('Stopped at');
  await button(page, /^Resume: /).click();
  await expect(row(running)).toContainText('On this computer');
  await modelReady(page);
  expect(readFileSync(mirror.file).equals(bytes)).toBe(true);
  expect(existsSync(part)).toBe(false);
  expect(await processes(running)).not.toContain('Cloister downloads');
  expect(mirror.host.asked.map(({ url, headers }) => [url, headers.range])).toEqual([
    [mirroredPath, undefined],
    [mirroredPath, `bytes=${afterKill}-`],
    [mirroredPath, `bytes=${afterStop}-`],
    [mirroredPath, `bytes=${afterSignOut}-`],
  ]);
  await button(page, 'Record').click();
  const entries = page.getByRole('row', { name: /Model added/ });
  await expect(entries).toHaveCount(4);
  await expect(entries.nth(0)).toContainText('Done');
  await expect(entries.nth(3)).toContainText('Failed');
});

test('what is not the approved file is deleted, recorded, and never gets its name', async ({
  home,
  models,
  launch,
}) => {
  const wrong = readFileSync(models.file);
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
  mirror = await startMirror(home, models, serveBytes(wrong));
  const running = await atModels({ home, launch }, mirror);
  await button(running.page, /^Download: /).click();
  await expect(row(running)).toContainText('is not the approved file');
  await expect(row(running)).toContainText('Not here');
  expect(existsSync(mirror.file)).toBe(false);
  await button(running.page, 'Record').click();
  await expect(running.page.getByRole('row', { name: /Model added/ })).toContainText('Refused');
});

test('a mirror that leads elsewhere is not followed: the operating system is asked for no address but the mirror', async ({
  home,
  models,
  launch,
}) => {
  mirror = await startMirror(home, models, (_question, answer) => {
    answer.writeHead(302, { location: 'https://192.0.2.1/tiny.gguf' }).end();
  });
  const { port } = mirror.host;
  const trace = join(home.folder, 'trace.txt');
  const running = await atModels({ home, launch }, mirror, { under: straceCommand(trace) });
  await button(running.page, /^Download: /).click();
  await expect(row(running)).toContainText('a computer that the policy does not name');
  await running.close();
  const targets = parseSocketTargets(readFileSync(trace, 'utf8'));
  expect(outsideTargets(targets)).toEqual([]);
  expect(targets.filter(({ call, port: to }) => call === 'connect' && to === port)).toHaveLength(1);
});

test('a mirror that another authority vouches for is asked for nothing', async ({ home, models, launch }) => {
  mirror = await startMirror(home, models, serveBytes(readFileSync(models.file)));
  const settings = { modelMirrorCertificate: makeAuthority().base64 };
  const running = await atModels({ home, launch }, mirror, { settings });
  await button(running.page, /^Download: /).click();
  await expect(row(running)).toContainText('could not prove who it is');
  expect(mirror.host.asked).toEqual([]);
});
