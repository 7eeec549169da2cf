import { describe, expect, it } from 'vitest';
import { commandNames } from '../links/command-line.ts';
import { commandList } from './command-list.ts';
import { parseWords } from './parse-words.ts';

/** What a program or a person sees of it. */
function parsed(...words: string[]): unknown {
  const result = parseWords(words, commandList);
  if (!result.ok) return result.error;
  const { value } = result;
  return value.kind === 'help'
    ? { help: value.command?.name ?? 'all' }
    : { run: value.command.name, ...value.given, asJson: value.asJson };
}

describe('the words of a command', () => {
  it.each([
    [['users'], { run: 'users', values: [], options: {}, asJson: false }],
    [['users', '--json'], { run: 'users', values: [], options: {}, asJson: true }],
    [
      ['policy', 'check', '--folder', 'a b'],
      { run: 'policy check', values: [], options: { folder: 'a b' }, asJson: false },
    ],
    [
      ['policy', 'sign', '--key=k=1', 'p.json', '--out', '-'],
      { run: 'policy sign', values: ['p.json'], options: { key: 'k=1', out: '-' }, asJson: false },
    ],
    [['help'], { help: 'all' }],
    [['policy', '--help'], { help: 'all' }],
    [['policy', 'check', '--help'], { help: 'policy check' }],
    [['help', 'policy', 'check'], { help: 'policy check' }],
    [['drill', '--help'], { help: 'drill' }],
  ])('%j are understood', (words, expected) => {
    expect(parsed(...words)).toEqual(expected);
  });

  it.each([
    [['frobnicate'], 'There is no such command.'],
    [['policy'], 'There is no such command.'],
    [['policy', 'frobnicate'], 'There is no such command.'],
    [['help', 'frobnicate'], 'There is no such command.'],
    [['help', 'users', 'x'], 'There is no such command.'],
    [['users', '--verbose'], '"users" has no option --verbose.'],
    [['users', '-j'], '"users" has no option of that name.'],
    [['users', '--json=yes'], '"users" has no option --json.'],
    [['users', '--'], '"users" has no option of that name.'],
    [['users', '--remote-debugging-port=1'], '"users" has no option --remote-debugging-port.'],
    [['users', '--help', 'x'], '"users" has no option --help.'],
    [['policy', 'check', '--folder'], 'The option --folder needs a value'],
    [['policy', 'check', '--folder='], 'The option --folder needs a value'],
    [['policy', 'check', '--folder', '--json'], 'The option --folder needs a value'],
    [['policy', 'check', '--folder', 'a', '--folder', 'b'], 'The option --folder stands there twice.'],
    [['policy', 'sign', 'p.json'], 'The option --key is missing.'],
    [['policy', 'sign', '--key', 'k'], '"policy sign" takes FILE'],
    [['policy', 'sign', 'p.json', 'q.json', '--key', 'k'], '"policy sign" takes FILE'],
    [['drill', 'now'], '"drill" takes nothing'],
  ])('%j are refused in a sentence', (words, sentence) => {
    const said = parsed(...words);
    expect(said).toEqual(expect.stringContaining(sentence));
    expect(said).toEqual(expect.stringContaining('Nothing was done'));
  });

  it.each([
    ['drill', 'AGE-SECRET-KEY-1QQQ'],
    ['drill', '--AGE-SECRET-KEY-1QQQ'],
    ['drill', '--key=AGE-SECRET-KEY-1QQQ'],
    ['AGE-SECRET-KEY-1QQQ'],
    ['help', 'AGE-SECRET-KEY-1QQQ'],
    ['policy', 'check', '--folder', 'AGE-SECRET-KEY-1QQQ', 'x'],
  ])('%s %s: a key in a wrong place is never repeated', (...words) => {
    expect(String(parsed(...words))).not.toContain('QQQ');
  });

  it('says of a key on the command line that it does not belong there', () => {
    expect(parsed('drill', 'AGE-SECRET-KEY-1QQQ')).toContain('other programs can read a command line');
  });
});

describe('the commands', () => {
  it('begin with a word that main knows, so that each of them is reached', () => {
    const first = new Set(['help', ...commandList.map(({ name }) => name.split(' ')[0])]);
    expect(first).toEqual(new Set(commandNames));
  });

  it('have no option of the same name as one that all have', () => {
    const names = commandList.flatMap(({ options }) => options.map(({ name }) => name));
    expect(names.filter((name) => name === 'json' || name === 'help')).toEqual([]);
  });
});
