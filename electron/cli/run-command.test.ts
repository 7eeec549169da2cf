import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appError } from '../shared/app-error.ts';
import { err, ok, type Result } from '../shared/result.ts';
import type { Command, CommandReport } from './command.ts';
import { cliDeps, jsonAnswer, run, type Run } from './cli-fixture.ts';
import { commandList } from './command-list.ts';
import { runCommand } from './run-command.ts';

async function runWith(act: () => Promise<Result<CommandReport>>, ...more: string[]): Promise<Run> {
  const command: Command = {
    name: 'try',
    summary: 'Tries.',
    explanation: [],
    values: [],
    options: [],
    run: act,
  };
  let [answer, problem] = ['', ''];
  const exitCode = await runCommand(['try', ...more], [command], cliDeps(), {
    answer: async (text) => {
      answer += text;
    },
    problem: async (text) => {
      problem += text;
    },
  });
  return { exitCode, answer, problem };
}
const report = (passed: boolean, line = 'a line'): (() => Promise<Result<CommandReport>>) => {
  return () => Promise.resolve(ok({ passed, lines: [line, 'b'], json: { line } }));
};

describe('exit code and output', () => {
  it('0 where all is good, with the lines on standard output', async () => {
    expect(await runWith(report(true))).toEqual({ exitCode: 0, answer: 'a line\nb\n', problem: '' });
  });

  it('1 where a check failed, with the same output', async () => {
    expect(await runWith(report(false))).toEqual({ exitCode: 1, answer: 'a line\nb\n', problem: '' });
  });

  it('1 where the command could not be carried out, with the sentence on standard error', async () => {
    const refuse = () => Promise.resolve(err(appError('disk-full', 'The disk is full.')));
    expect(await runWith(refuse)).toEqual({ exitCode: 1, answer: '', problem: 'The disk is full.\n' });
    const asJson = await runWith(refuse, '--json');
    expect(jsonAnswer(asJson)).toEqual({ problem: { code: 'disk-full', message: 'The disk is full.' } });
  });

  it('2 where the words are not understood: one sentence on standard error and nothing else', async () => {
    const said = await runWith(report(true), '--frobnicate');
    expect({ ...said, problem: said.problem.split('\n').length }).toEqual({
      exitCode: 2,
      answer: '',
      problem: 2,
    });
  });

  it('70 for a bug, without what was thrown', async () => {
    const said = await runWith(() => Promise.reject(new Error('AGE-SECRET-KEY-1QQQ')));
    expect(said.exitCode).toBe(70);
    expect(said.answer + said.problem).not.toContain('QQQ');
    expect(said.problem).toContain('Something went wrong inside Cloister');
  });

  it('names of a file cannot steer the terminal', async () => {
    const name = '\u001b[2JMallory\u009b\u202e\nokay';
    expect((await runWith(report(true, name))).answer).toBe('\ufffd[2JMallory\ufffd\ufffd\ufffdokay\nb\n');
    const asJson = await runWith(report(true, name), '--json');
    expect(jsonAnswer(asJson)).toEqual({ line: name });
    // oxlint-disable-next-line no-control-regex -- exactly these
    expect(asJson.answer).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u);
  });
});

describe('help', () => {
  it('and docs/command-line.md name the same commands', () => {
    const path = join(import.meta.dirname, '../../docs/command-line.md');
    const shown = [...readFileSync(path, 'utf8').matchAll(/^cloister ([a-z ]*[a-z])(?= .* {2,}\S)/gm)];
    expect(new Set(shown.map(([, name]) => name))).toEqual(new Set(commandList.map(({ name }) => name)));
  });

  it('lists every command', async () => {
    const { exitCode, answer } = await run(['help'], cliDeps());
    expect(exitCode).toBe(0);
    for (const { name } of commandList) expect(answer).toContain(`  cloister ${name}`);
  });

  it.each(commandList)('of "$name" names its arguments and options', async ({ name, values, options }) => {
    const { exitCode, answer } = await run([...name.split(' '), '--help'], cliDeps());
    expect(exitCode).toBe(0);
    expect(answer.startsWith(`cloister ${[name, ...values].join(' ')}`)).toBe(true);
    for (const option of [...options.map((each) => `--${each.name}`), '--json'])
      expect(answer).toContain(`  ${option}`);
  });
});
