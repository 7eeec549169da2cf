import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { prepareLaunch } from '../../build/setup/unprivileged.mjs';
import { commandEnvironment, ended, runCommand, type Done } from '../harness/command-line.ts';
import { createHome, launchApp, type Home } from '../harness/launch-app.ts';
import { administrator, clinician } from '../harness/people.ts';
import { firstRun } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

/**
 * The command line of the real executable, on a data folder that went through the first run. No display is there for it:
 * Chromium ends where it finds none, so what works here was done before Chromium began.
 */
test.skip(process.platform === 'win32', 'a program without a console on Windows shows nothing here');

let home: Home;
let recoveryKey = '';
let start: ReturnType<typeof prepareLaunch>;

test.beforeAll(async ({ models }) => {
  home = createHome();
  start = prepareLaunch();
  const running = await launchApp({ home, modelsFolder: models.folder, catalogue: models.catalogue });
  await firstRun(running, async (name) => {
    if (name !== 'first-run-recovery-key') return;
    const text = await running.page.getByTestId('recovery-key-text').innerText();
    recoveryKey = text.replaceAll(/\s+/g, '');
  });
  await running.close();
  expect(recoveryKey).toMatch(/^AGE-SECRET-KEY-1/);
});
test.afterAll(() => {
  home.remove();
});

const cli = (words: readonly string[], input = ''): Promise<Done> => runCommand(home, words, input);

/** Bytes and times of everything in the data folder. */
function dataFolder(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(home.data, { recursive: true, encoding: 'utf8' }).map((name) => {
      const path = join(home.data, name);
      const status = statSync(path);
      return [name, `${status.mtimeMs} ${status.isFile() ? readFileSync(path).toString('base64') : ''}`];
    }),
  );
}

test('users lists the accounts of the first run', async () => {
  const { exitCode, answer } = await cli(['users', '--json']);
  expect(exitCode).toBe(0);
  expect(JSON.parse(answer)).toMatchObject({
    generation: 1,
    users: [
      { displayName: administrator.name, role: 'it-admin', state: 'active' },
      { displayName: clinician.name, role: 'clinician', state: 'active' },
    ],
  });
});

test('policy check passes where there is no policy', async () => {
  const { exitCode, answer } = await cli(['policy', 'check']);
  expect(exitCode).toBe(0);
  expect(answer).toContain('There is no policy: every setting has its default.');
});

test('doctor finds the installation sound, and names what was changed on it', async () => {
  const states = async (): Promise<Record<string, string>> => {
    const { exitCode, answer } = await cli(['doctor', '--json']);
    const { findings } = JSON.parse(answer) as { findings: { subject: string; state: string }[] };
    expect(exitCode).toBe(findings.some(({ state }) => state === 'attention') ? 1 : 0);
    return Object.fromEntries(findings.map(({ subject, state }) => [subject, state]));
  };
  const sound = {
    'data folder': 'ok',
    'file permissions': 'ok',
    'key file': 'ok',
    'record file': 'ok',
    keychain: 'ok',
    policy: 'ok',
  };
  expect(await states()).toMatchObject(sound);
  chmodSync(join(home.data, 'keyring.json'), 0o644);
  expect(await states()).toMatchObject({ ...sound, 'file permissions': 'attention' });
  chmodSync(join(home.data, 'keyring.json'), 0o600);
});

test('inventory names what is installed', async () => {
  const { exitCode, answer } = await cli(['inventory', '--json']);
  expect(exitCode).toBe(0);
  expect(JSON.parse(answer)).toMatchObject({
    versions: {
      electron: expect.stringMatching(/^\d+\./),
      chromium: expect.stringMatching(/^\d+\./),
      'llama.cpp': expect.stringMatching(/\d/),
    },
    models: expect.arrayContaining([expect.objectContaining({ sha256: expect.stringMatching(/^\w{64}$/) })]),
    endpoints: [],
  });
  expect(answer).not.toContain(clinician.name);
});

test('drill passes with the recovery key and fails with another; neither is repeated, nothing is written', async () => {
  const before = dataFolder();
  const right = await cli(['drill'], `${recoveryKey}\n`);
  expect(right.exitCode).toBe(0);
  expect(right.answer).toContain('This recovery key opens the keys of this installation');

  const other = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX';
  const wrong = await cli(['drill', '--json'], other);
  expect(wrong.exitCode).toBe(1);
  expect(JSON.parse(wrong.answer)).toMatchObject({ problem: { code: 'recovery-wrong-key' } });

  const mistyped = await cli(['drill'], recoveryKey.slice(0, -1));
  expect(mistyped.exitCode).toBe(1);
  const asArgument = await cli(['drill', recoveryKey]);
  expect(asArgument.exitCode).toBe(2);

  for (const { answer, problem } of [right, wrong, mistyped, asArgument]) {
    for (const key of [recoveryKey, other]) expect(answer + problem).not.toContain(key.slice(16, 40));
  }
  expect(dataFolder()).toEqual(before);
});

test('on a terminal, drill asks for the key and does not show it', async () => {
  test.skip(process.platform !== 'linux', 'script(1) takes other options elsewhere');
  const command = [start.executablePath, start.appFolder, 'drill'].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: home.folder,
    env: commandEnvironment(home),
  });
  let seen = '';
  child.stdout.on('data', (bytes: Buffer) => {
    const asked = seen.includes('it is not shown');
    seen += bytes.toString();
    if (!asked && seen.includes('it is not shown')) child.stdin.write(`${recoveryKey}\r`);
  });
  const { exitCode } = await ended(child);
  expect(seen).toContain('This recovery key opens the keys of this installation');
  expect(seen).not.toContain(recoveryKey.slice(16, 40));
  expect(exitCode).toBe(0);
});

test('what is not known is refused with one sentence and code 2, and no window', async () => {
  for (const words of [['frobnicate'], ['users', '--remote-debugging-port=0'], ['policy', 'check', 'x']]) {
    const { exitCode, answer, problem } = await cli(words);
    expect({ exitCode, answer }).toEqual({ exitCode: 2, answer: '' });
    expect(problem).toContain('Nothing was done');
  }
});

test('commands that read work beside the running app and leave it alone', async ({ models }) => {
  const running = await launchApp({ home, modelsFolder: models.folder, catalogue: models.catalogue });
  try {
    for (const words of [['users'], ['inventory'], ['policy', 'check']])
      expect((await cli(words)).exitCode).toBe(0);
    expect((await cli(['drill'], recoveryKey)).exitCode).toBe(0);
    await expect(running.page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  } finally {
    await running.close();
  }
});
