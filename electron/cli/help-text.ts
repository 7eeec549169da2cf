import type { Command } from './command.ts';

/** The help of one command, or the overview of all. */
export function helpText(command: Command | null, commands: readonly Command[]): readonly string[] {
  return command === null ? overview(commands) : helpOf(command);
}

function overview(commands: readonly Command[]): readonly string[] {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    'Cloister on the command line, for administrators. Without a command, Cloister opens its window.',
    '',
    ...commands.map(({ name, summary }) => `  cloister ${name.padEnd(width)}${summary}`),
    '',
    '"--help" after a command tells more. "--json" gives its answer as JSON.',
    'Exit code: 0 good, 1 a check failed or the command could not be carried out, 2 the command was not understood.',
  ];
}

function helpOf(command: Command): readonly string[] {
  const options = [
    ...command.options.map(({ name, value, explanation, needed }) => ({
      usage: needed ? `--${name} ${value}` : `[--${name} ${value}]`,
      option: `--${name} ${value}`,
      explanation,
    })),
    { usage: '[--json]', option: '--json', explanation: 'The answer as JSON, for programs.' },
  ];
  const width = Math.max(...options.map(({ option }) => option.length)) + 2;
  return [
    ['cloister', command.name, ...command.values, ...options.map(({ usage }) => usage)].join(' '),
    '',
    command.summary,
    ...command.explanation,
    '',
    ...options.map(({ option, explanation }) => `  ${option.padEnd(width)}${explanation}`),
  ];
}
