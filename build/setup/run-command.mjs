import { spawn, spawnSync } from 'node:child_process';
import { SetupError } from './say.mjs';
import { checkout } from './cache-folder.mjs';

/**
 * Runs a command to its end with this terminal's streams.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, output?: 'inherit' | 'stderr' }} [options]
 * @returns {Promise<number>} the exit code; 128 plus its number when a signal ended it
 */
export function run(command, args, options = {}) {
  const stdout = options.output === 'stderr' ? 2 : 'inherit';
  return new Promise((done, failed) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd ?? checkout,
      env: options.env ?? process.env,
      stdio: ['inherit', stdout, 'inherit'],
      shell: process.platform === 'win32' && /^(npm|npx)$/u.test(command),
    });
    const passOn = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    process.on('SIGINT', passOn).on('SIGTERM', passOn);
    const ended = () => process.off('SIGINT', passOn).off('SIGTERM', passOn);
    child.on('error', (error) => {
      ended();
      failed(new SetupError(`Could not start ${command}: ${error.message}`));
    });
    child.on('close', (code) => {
      ended();
      done(code ?? 143);
    });
  });
}

/**
 * Runs a command that must succeed; its output goes to stderr.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, purpose: string }} options
 */
export async function mustRun(command, args, options) {
  const code = await run(command, args, { ...options, output: 'stderr' });
  if (code !== 0) {
    throw new SetupError(
      `${options.purpose} failed: ${[command, ...args].join(' ')} ended with code ${code} (its own words are above).`,
    );
  }
}

/**
 * Runs a short command and gives its trimmed output, or null when it failed.
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {string | null}
 */
export function capture(command, args) {
  const result = spawnSync(command, [...args], {
    cwd: checkout,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32' && command === 'npm',
  });
  return result.status === 0 ? result.stdout.trim() : null;
}
