import { run } from './run-command.mjs';
import { runtimePath } from './runtime-path.mjs';

/**
 * Runs a script on Electron's own Node: it strips types, and it is the runtime that ships, whatever Node this machine has.
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, output?: 'inherit' | 'stderr' }} [options]
 * @returns {Promise<number>} exit code
 */
export function runAsNode(args, options = {}) {
  return run(runtimePath(), args, {
    ...options,
    env: { ...(options.env ?? process.env), ELECTRON_RUN_AS_NODE: '1' },
  });
}
