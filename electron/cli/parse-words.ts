import { err, ok, type Result } from '../shared/result.ts';
import type { Command, GivenWords } from './command.ts';

export type ParsedWords =
  | { readonly kind: 'help'; readonly command: Command | null }
  | { readonly kind: 'run'; readonly command: Command; readonly given: GivenWords; readonly asJson: boolean };

/**
 * Strict: what is not known is refused before anything is read or asked. No word is ever repeated but the name of an
 * option: in the place of a file name somebody may have typed a key.
 * @returns a sentence for a refusal
 */
export function parseWords(
  words: readonly string[],
  commands: readonly Command[],
): Result<ParsedWords, string> {
  const [first = 'help', ...others] = words;
  if (first === 'help' && others.length === 0) return ok({ kind: 'help', command: null });
  const wanted = first === 'help' ? others : words;
  const found = findCommand(wanted, commands);
  if (found === null) {
    const isGroup = commands.some(({ name }) => name.startsWith(`${first} `));
    return isGroup && others.join(' ') === '--help'
      ? ok({ kind: 'help', command: null })
      : err(unknownCommand);
  }
  const { command, rest } = found;
  if (rest.join(' ') === (first === 'help' ? '' : '--help')) return ok({ kind: 'help', command });
  return first === 'help' ? err(unknownCommand) : parseRest(rest, command);
}

function findCommand(
  words: readonly string[],
  commands: readonly Command[],
): { readonly command: Command; readonly rest: readonly string[] } | null {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return { command, rest: words.slice(length) };
  }
  return null;
}

/** Options are `--name VALUE` or `--name=VALUE`, in any place. */
function parseRest(rest: readonly string[], command: Command): Result<ParsedWords, string> {
  const values: string[] = [];
  const options: Record<string, string> = {};
  let asJson = false;
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index] ?? '';
    if (!word.startsWith('-') || word === '-') {
      values.push(word);
      continue;
    }
    const [, name = '', , inline] = /^--([a-z][a-z-]*)(=([^]*))?$/.exec(word) ?? [];
    if (name === 'json' && inline === undefined) {
      asJson = true;
      continue;
    }
    const option = command.options.find((candidate) => candidate.name === name);
    if (option === undefined) return err(unknownOption(name, command));
    if (inline === undefined) index += 1;
    const value = inline ?? rest[index] ?? '';
    if (value === '' || (inline === undefined && value.startsWith('--')))
      return err(`The option --${name} needs a value after it. Nothing was done; ${seeHelp(command)}.`);
    if (options[name] !== undefined)
      return err(`The option --${name} stands there twice. Nothing was done; give it once.`);
    options[name] = value;
  }
  const missing = command.options.find(({ name, needed }) => needed && options[name] === undefined);
  if (missing !== undefined)
    return err(`The option --${missing.name} is missing. Nothing was done; ${seeHelp(command)}.`);
  return values.length === command.values.length
    ? ok({ kind: 'run', command, given: { values, options }, asJson })
    : err(wrongValues(values.length, command));
}

const unknownCommand =
  'There is no such command. Nothing was done; "cloister help" lists those that there are.';

function unknownOption(name: string, command: Command): string {
  const which = /^[a-z-]{1,30}$/.test(name) ? `--${name}` : 'of that name';
  return `"${command.name}" has no option ${which}. Nothing was done; ${seeHelp(command)}.`;
}

function wrongValues(count: number, command: Command): string {
  const wanted = command.values.length === 0 ? 'nothing' : command.values.join(' and ');
  const secrets =
    count > command.values.length
      ? ' A key or passphrase never belongs there, because other programs can read a command line; it is asked for.'
      : '';
  return `"${command.name}" takes ${wanted} besides its options. Nothing was done; ${seeHelp(command)}.${secrets}`;
}

const seeHelp = ({ name }: Command): string => `"cloister ${name} --help" tells how it is used`;
