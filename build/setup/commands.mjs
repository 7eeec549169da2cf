import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, modelCache } from './cache-folder.mjs';
import { buildApp } from './build-app.mjs';
import { startDisplay } from './display.mjs';
import { installModel } from './model.mjs';
import { prepare, prepareTools } from './prepare.mjs';
import { runAsNode } from './run-as-node.mjs';
import { run } from './run-command.mjs';
import { SetupError, say } from './say.mjs';
import { installUnitTestPackages } from './system-packages.mjs';
import { endToEndTests, reportTests, unitTests } from './tests.mjs';
import { ownFolder, prepareLaunch } from './unprivileged.mjs';

/** @typedef {(args: readonly string[]) => Promise<number>} Command the exit code */

/** What `npm run <name>` does; each prepares what it needs first. @type {ReadonlyMap<string, Command>} */
export const commands = new Map([
  ['setup', setUp],
  ['build', build],
  ['demo', demo],
  ['dev', dev],
  ['test', test],
  ['test:unit', testUnit],
  ['test:e2e', testEndToEnd],
  ['check', (args) => asNodeScript('build/checks/run-checks.ts', args)],
  ['package', makePackage],
  ['test:package', testPackage],
  ['bench', bench],
  ['campaign:rekey', (args) => asNodeScript('build/campaigns/rekey.ts', args)],
  ['campaign:crash', campaignCrash],
  ['campaign:gguf', (args) => asNodeScript('build/campaigns/gguf.ts', args)],
  ['campaign:tamper', (args) => asNodeScript('build/campaigns/tamper.ts', args)],
  ['campaign:visits', (args) => onBuiltApp('build/campaigns/visits.ts', args)],
  ['bench:notes', (args) => onBuiltApp('build/campaigns/notes.ts', args)],
]);

async function setUp() {
  await prepare();
  say('Everything is in place.');
  return 0;
}

async function build() {
  await prepare();
  return 0;
}

/** @param {readonly string[]} args */
async function demo(args) {
  await prepare();
  return withDisplay(() => runAsNode([requireScript('e2e/demo/demo.ts'), ...args]));
}

/** @param {readonly string[]} args */
async function bench(args) {
  await prepare();
  return withDisplay(() => runAsNode([requireScript('build/bench/bench.ts'), ...args]));
}

/** On the built app. @param {readonly string[]} args */
async function campaignCrash(args) {
  await prepare();
  return withDisplay(() => runAsNode([requireScript('build/campaigns/crash.ts'), ...args]));
}

/** With the thread pool of the inference process. @param {string} script @param {readonly string[]} args */
async function onBuiltApp(script, args) {
  await prepare();
  return runAsNode([requireScript(script), ...args], { env: { ...process.env, UV_THREADPOOL_SIZE: '1' } });
}

/** @param {readonly string[]} filters */
async function testUnit(filters) {
  await prepareTools();
  await installUnitTestPackages();
  await installModel();
  return reportTests([await unitTests(filters)]);
}

/** @param {readonly string[]} args */
async function testEndToEnd(args) {
  await prepare();
  return reportTests([await endToEndTests(args)]);
}

/** Everything: one failing part does not hide the state of the next. @param {readonly string[]} args */
async function test(args) {
  if (args.length > 0) {
    throw new SetupError('`npm test` runs everything. For a part: npm run test:unit -- FILTER, or test:e2e.');
  }
  await prepareTools();
  await installUnitTestPackages();
  await installModel();
  const gates = await runAsNode([requireScript('build/checks/run-checks.ts')]);
  const checks = { name: 'check', passed: gates === 0 ? 1 : 0, failed: gates === 0 ? 0 : 1 };
  const unit = await unitTests([]);
  await buildApp();
  const endToEnd = await endToEndTests([]);
  return reportTests([checks, unit, endToEnd, await packageTests()]);
}

/** Starts the app on a data folder of its own, so that trying things never touches a real installation. */
async function dev() {
  await prepare();
  const { executablePath, appFolder, user } = prepareLaunch();
  const data = user ? join(user.home, 'development-data') : join(checkout, '.cache/development-data');
  mkdirSync(data, { recursive: true });
  ownFolder(data);
  return withDisplay((display) =>
    run(executablePath, [appFolder], {
      env: {
        ...process.env,
        ...(display === undefined ? {} : { DISPLAY: display }),
        CLOISTER_DATA_FOLDER: process.env['CLOISTER_DATA_FOLDER'] ?? data,
        CLOISTER_MODELS_FOLDER: process.env['CLOISTER_MODELS_FOLDER'] ?? modelCache(),
      },
    }),
  );
}

/** Electron's file functions show an archive as a folder, which a packager must not see. @param {readonly string[]} args */
async function makePackage(args) {
  await prepareTools();
  return runAsNode([requireScript('build/package/package.ts'), ...args], {
    env: { ...process.env, ELECTRON_NO_ASAR: '1' },
  });
}

/** @param {string} script @param {readonly string[]} args */
async function asNodeScript(script, args) {
  await prepareTools();
  return runAsNode([requireScript(script), ...args]);
}

/** Packages the app and tries the package from outside: its fuses keep a test driver out. */
async function testPackage() {
  return reportTests([await packageTests()]);
}

async function packageTests() {
  if ((await makePackage(['--dir'])) !== 0) return { name: 'package', passed: 0, failed: 1 };
  process.env['CLOISTER_E2E'] = 'package';
  return { ...(await endToEndTests([])), name: 'package' };
}

/** @param {string} script */
function requireScript(script) {
  const path = join(checkout, script);
  if (!existsSync(path)) throw new SetupError(`${script} is missing from this checkout.`);
  return path;
}

/** @param {(display: string | undefined) => Promise<number>} work */
async function withDisplay(work) {
  const { display, stop } = await startDisplay();
  // Whatever the work starts inherits this process's environment.
  if (display !== undefined) process.env['DISPLAY'] = display;
  try {
    return await work(display);
  } finally {
    stop();
  }
}
