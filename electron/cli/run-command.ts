import { internalError } from '../shared/app-error.ts';
import type { Command, CommandDeps } from './command.ts';
import { helpText } from './help-text.ts';
import { parseWords } from './parse-words.ts';

export type Output = {
  /** Each resolves when the text has left the process. */
  answer(text: string): Promise<void>;
  problem(text: string): Promise<void>;
};

const exitCodes = { good: 0, failed: 1, notUnderstood: 2, bug: 70 } as const;

/**
 * From words to exit code: 0 good, 1 a check failed or the command could not be carried out, 2 the words were not
 * understood. Answers go to standard output, sentences about what went wrong to standard error.
 */
export async function runCommand(
  words: readonly string[],
  commands: readonly Command[],
  deps: CommandDeps,
  output: Output,
): Promise<number> {
  const parsed = parseWords(words, commands);
  if (!parsed.ok) {
    await output.problem(`${parsed.error}\n`);
    return exitCodes.notUnderstood;
  }
  if (parsed.value.kind === 'help') {
    await output.answer(textOf(helpText(parsed.value.command, commands)));
    return exitCodes.good;
  }
  const { command, given, asJson } = parsed.value;
  try {
    const done = await command.run(given, deps);
    if (!done.ok) {
      const { code, message } = done.error;
      if (asJson) await output.answer(jsonOf({ problem: { code, message } }));
      await output.problem(`${message}\n`);
      return exitCodes.failed;
    }
    const { passed, lines, json } = done.value;
    await output.answer(asJson ? jsonOf(json) : textOf(lines));
    return passed ? exitCodes.good : exitCodes.failed;
  } catch {
    // A bug. What was thrown is not shown: it may hold what was typed.
    await output.problem(`${internalError.message}\n`);
    return exitCodes.bug;
  }
}

/** Names and sentences may come from files: nothing of them may steer the terminal or turn the reading direction. */
const steering = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line.replace(steering, '\ufffd')}\n`).join('');
}

function jsonOf(value: unknown): string {
  const json = JSON.stringify(value, null, 2).replace(steering, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${json}\n`;
}
