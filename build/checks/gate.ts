import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkout } from '../setup/cache-folder.mjs';

/** What a gate found; `output` is shown when it failed. */
export type Finding = { readonly passed: boolean; readonly output: string };

/** One static check of the whole repository. */
export type Gate = { readonly name: string; readonly what: string; run(): Promise<Finding> };

/** `node`: on the machine's own Node, for a tool that Electron's Node cannot run (its buffers are limited to 4 GB). */
export type ToolOptions = { readonly cwd?: string; readonly runtime?: 'electron' | 'node' };

/**
 * Runs one of the installed tools.
 * @param script the tool's file under node_modules
 */
export async function runTool(
  script: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((done, failed) => {
    const child = spawn(
      options.runtime === 'node' ? 'node' : process.execPath,
      [join(checkout, 'node_modules', script), ...args],
      {
        cwd: options.cwd ?? checkout,
        env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', FORCE_COLOR: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    const add = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', failed);
    child.on('close', (code) => {
      done({ code: code ?? 143, output: output.trim() });
    });
  });
}

export function toolGate(
  name: string,
  what: string,
  script: string,
  args: readonly string[],
  options: ToolOptions = {},
): Gate {
  return {
    name,
    what,
    run: async () => {
      const { code, output } = await runTool(script, args, options);
      return { passed: code === 0, output };
    },
  };
}
