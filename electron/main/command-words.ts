import { commandNames } from '../links/command-line.ts';

/**
 * The words of a command, if this start is one. Switches may stand before it (a wrapper adds `--ozone-platform`); they
 * are `startRefusal`'s to judge, which is why they come back too.
 * @returns null for a start of the app
 */
export function commandWords(
  argv: readonly string[],
  isPackaged: boolean,
): { readonly before: readonly string[]; readonly words: readonly string[] } | null {
  const first = isPackaged ? firstPlainWord(argv, 1) : firstPlainWord(argv, firstPlainWord(argv, 1) + 1);
  const word = argv[first];
  if (argv.at(-1) === '--help' && first >= argv.length - 1)
    return { before: argv.slice(0, -1), words: ['help'] };
  if (word === undefined) return null;
  return isCommandLike(word) ? { before: argv.slice(0, first), words: argv.slice(first) } : null;
}

/**
 * Also a word that is no command but looks like one: a mistyped command on a server must not try to open a window. Paths
 * and addresses, with which a desktop may start a program, do not look like one.
 */
function isCommandLike(word: string): boolean {
  return commandNames.some((name) => name === word) || /^[a-z][a-z-]{1,30}$/.test(word);
}

/** In development the app's folder comes first, and a loader (`-r FILE`) may come before it. */
function firstPlainWord(argv: readonly string[], start: number): number {
  let index = start;
  while (argv[index]?.startsWith('-') === true) index += /^(?:-r|--require)$/.test(argv[index] ?? '') ? 2 : 1;
  return index;
}
