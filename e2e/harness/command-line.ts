import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { prepareLaunch } from '../../build/setup/unprivileged.mjs';
import type { Home } from './launch-app.ts';

/** The real executable with the words of a command, as the user that the app runs as. No display is there for it. */
export type Done = {
  readonly exitCode: number | null;
  readonly answer: string;
  /** Chromium's own complaints about a system without D-Bus stand there too. */
  readonly problem: string;
};

export function runCommand(home: Home, words: readonly string[], input = ''): Promise<Done> {
  const { executablePath, appFolder } = prepareLaunch();
  const child = spawn(executablePath, [appFolder, ...words], {
    cwd: home.folder,
    env: commandEnvironment(home),
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return ended(child);
}

export function commandEnvironment(home: Home): NodeJS.ProcessEnv {
  const { ELECTRON_RUN_AS_NODE: _, DISPLAY: __, WAYLAND_DISPLAY: ___, ...rest } = process.env;
  const policyFolder = join(home.folder, 'no-policy');
  return { ...rest, CLOISTER_DATA_FOLDER: home.data, CLOISTER_POLICY_FOLDER: policyFolder };
}

export async function ended(child: ChildProcessWithoutNullStreams): Promise<Done> {
  let [answer, problem] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (answer += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (problem += text));
  const exitCode = await new Promise<number | null>((done) => child.once('close', done));
  return { exitCode, answer, problem };
}
