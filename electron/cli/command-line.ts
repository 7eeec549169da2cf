import type { RunCommandLine } from '../links/command-line.ts';
import { appError } from '../shared/app-error.ts';
import { err } from '../shared/result.ts';
import { commandList } from './command-list.ts';
import { readSecret, type SecretSource } from './read-secret.ts';
import { runCommand } from './run-command.ts';

/** The bundle of the command line: main imports it in place of composing the app, before Chromium is up. */
export const runCommandLine: RunCommandLine = ({ words, facts }) =>
  runCommand(
    words,
    commandList,
    {
      facts,
      platform: process.platform,
      userId: process.getuid?.() ?? null,
      programData: process.env['ProgramData'],
      workingFolder: process.cwd(),
      procFolder: '/proc',
      readSecret: askOnTerminal,
    },
    { answer: (text) => write(process.stdout, text), problem: (text) => write(process.stderr, text) },
  );

async function askOnTerminal(question: string): ReturnType<typeof readSecret> {
  let input: typeof process.stdin;
  try {
    input = process.stdin;
  } catch {
    return err(noInput);
  }
  const ask = (text: string): void => {
    process.stderr.write(text);
  };
  // Asked a second time perhaps: the input outlives the first answer.
  const source: SecretSource = {
    isTTY: input.isTTY,
    ...(input.isTTY ? { setRawMode: (isRaw: boolean) => input.setRawMode(isRaw) } : {}),
    [Symbol.asyncIterator]: () => input.iterator({ destroyOnReturn: false }),
  };
  return readSecret({ source, ask, question });
}

/** Whoever read the answer may have gone away (`| head`); then there is nobody left to tell. */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((done) => {
    stream.once('error', () => {
      done();
    });
    stream.write(text, () => {
      done();
    });
  });
}

const noInput = appError(
  'invalid-input',
  'There is no standard input to read from, as for a program without a console on Windows. Nothing was changed. Start the command from a console and pipe the secret in.',
);
