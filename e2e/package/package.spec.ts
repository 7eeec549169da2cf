import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { checkout } from '../../build/setup/cache-folder.mjs';
import { startDisplay } from '../../build/setup/display.mjs';
import { appUser, prepareLaunch } from '../../build/setup/unprivileged.mjs';
import { writeTinyModels } from '../harness/tiny-model.ts';

/** The packaged app as a person starts it: its fuses keep every test driver out, so it is watched from outside. */
const packaged = join(checkout, 'dist/linux-unpacked');
const home = process.getuid?.() === 0 ? appUser().home : homedir();
const data = join(home, '.config/Cloister development');
let folder: string;
let executable: string;

test.beforeAll(async () => {
  test.skip(process.platform !== 'linux', 'the package of these tests is the one for Linux');
  const { display } = await startDisplay();
  if (display !== undefined) process.env['DISPLAY'] = display;
  folder = mkdtempSync(join(tmpdir(), 'cloister-package-'));
  chmodSync(folder, 0o755);
  cpSync(packaged, folder, { recursive: true });
  const models = writeTinyModels();
  copyFileSync(models.file, join(folder, 'resources/models/tiny.gguf'));
  copyFileSync(models.catalogue, join(folder, 'resources/models/catalogue.json'));
  rmSync(models.folder, { recursive: true });
  executable = prepareLaunch({ electron: join(folder, 'cloister'), appFolder: folder }).executablePath;
  rmSync(data, { recursive: true, force: true });
});
test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
});

function start(words: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(executable, words, {
    env: { ...process.env, ...environment },
    stdio: 'ignore',
    detached: true,
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  process.kill(-Number(child.pid), 'SIGTERM');
  await ended;
}

test('the package opens its window, keeps its sandbox, and loads the model with every fuse set', async () => {
  const child = start([]);
  try {
    // The inference process measured its threads: it loaded the model from inside the package, run-as-node switched off.
    await expect.poll(() => existsSync(join(data, 'engine-threads.json')), { timeout: 240_000 }).toBe(true);
    const tree = spawnSync('ps', ['-eo', 'pgid,args'], { encoding: 'utf8' }).stdout.split('\n');
    const own = tree.filter((line) => line.trim().startsWith(`${child.pid} `));
    expect(own.some((line) => line.includes('--type=renderer'))).toBe(true);
    expect(own.filter((line) => line.includes('no-sandbox') || line.includes('--inspect'))).toEqual([]);
  } finally {
    await end(child);
  }
});

test('the package does not work as Node and takes no options from the environment', async () => {
  const marker = join(folder, 'ran');
  const script = `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`;
  const child = start(['-e', script], { ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: `--require=${marker}.cjs` });
  const ended = once(child, 'exit');
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
  await end(child);
  expect(existsSync(marker)).toBe(false);
});

for (const word of [
  '--remote-debugging-port=0',
  '--inspect=0',
  '--disable-web-security',
  '--load-extension=/tmp',
]) {
  test(`the package refuses to start with ${word}`, async () => {
    const child = start([word]);
    // It says so in a box; without somebody to close it, it must at least start nothing behind it.
    const ended = once(child, 'exit').then(() => true);
    const over = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000, false))]);
    const tree = spawnSync('ps', ['-eo', 'pgid,args'], { encoding: 'utf8' }).stdout.split('\n');
    const renderers = tree.filter(
      (line) => line.trim().startsWith(`${child.pid} `) && line.includes('--type=renderer'),
    );
    await end(child);
    expect({ renderers, exitCode: over === true ? child.exitCode : 1 }).toEqual({
      renderers: [],
      exitCode: 1,
    });
  });
}
