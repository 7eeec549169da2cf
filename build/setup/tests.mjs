import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './cache-folder.mjs';
import { startDisplay } from './display.mjs';
import { runAsNode } from './run-as-node.mjs';
import { say } from './say.mjs';

/** @typedef {{ name: string, passed: number, failed: number }} Outcome */

const results = join(checkout, 'test-results');

/** The unit tests, on Electron's own runtime. @param {readonly string[]} filters @returns {Promise<Outcome>} */
export async function unitTests(filters) {
  const report = freshReport('unit.json');
  const code = await runAsNode([
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'build/vitest.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...filters,
  ]);
  const found = readReport(report);
  return outcome(
    'unit',
    code,
    Number(found?.numPassedTests),
    Number(found?.numFailedTests) + Number(found?.numFailedTestSuites ? suitesThatDidNotLoad(found) : 0),
  );
}

/** A file that could not be loaded has no failed test to count, and must not pass for that. @param {any} report */
const suitesThatDidNotLoad = (report) =>
  report.testResults.filter(
    (/** @type {any} */ file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;

/** The end-to-end tests, on the built app and a display. @param {readonly string[]} args @returns {Promise<Outcome>} */
export async function endToEndTests(args) {
  const report = freshReport('e2e.json');
  const { display, stop } = await startDisplay();
  try {
    const code = await runAsNode(
      [
        'node_modules/@playwright/test/cli.js',
        'test',
        '-c',
        'e2e/playwright.config.ts',
        '--reporter=list,json',
        ...args,
      ],
      {
        env: {
          ...process.env,
          ...(display ? { DISPLAY: display } : {}),
          PLAYWRIGHT_JSON_OUTPUT_FILE: report,
        },
      },
    );
    const stats = readReport(report)?.stats;
    // A flaky test passed at a second try; there are no second tries here, so it is a failure.
    return outcome('e2e', code, Number(stats?.expected), Number(stats?.unexpected) + Number(stats?.flaky));
  } finally {
    stop();
  }
}

/** @param {string} name @param {number} code @param {number} passed @param {number} failed @returns {Outcome} */
function outcome(name, code, passed, failed) {
  if (!Number.isFinite(passed + failed)) return { name, passed: 0, failed: 1 };
  // The runner knows of failures that are no test's: an error between tests, no tests at all.
  return { name, passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/**
 * The last line is for machines: `N passed, N failed`.
 * @param {readonly Outcome[]} outcomes
 * @returns {number} exit code
 */
export function reportTests(outcomes) {
  for (const { name, passed, failed } of outcomes) say(`${name}: ${passed} passed, ${failed} failed`);
  const passed = outcomes.reduce((sum, each) => sum + each.passed, 0);
  const failed = outcomes.reduce((sum, each) => sum + each.failed, 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** @param {string} name */
function freshReport(name) {
  mkdirSync(results, { recursive: true });
  const path = join(results, name);
  rmSync(path, { force: true });
  return path;
}

/** @param {string} path */
function readReport(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}
