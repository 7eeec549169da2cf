import { describe, expect, it } from 'vitest';
import { commandWords } from './command-words.ts';

const words = (argv: readonly string[], isPackaged = true): readonly string[] | null =>
  commandWords(['/opt/cloister/cloister', ...argv], isPackaged)?.words ?? null;

describe('what starts a command in place of the app', () => {
  it.each([
    { argv: ['users', '--json'], command: ['users', '--json'] },
    { argv: ['--password-store=gnome-libsecret', 'doctor'], command: ['doctor'] },
    { argv: ['polciy', 'check'], command: ['polciy', 'check'] },
    { argv: ['--help'], command: ['help'] },
    { argv: [], command: null },
    { argv: ['--disable-gpu'], command: null },
    { argv: ['/home/ada/note.txt'], command: null },
    { argv: ['https://clinic.example'], command: null },
  ])('in a package: $argv gives $command', ({ argv, command }) => {
    expect(words(argv)).toEqual(command);
  });

  it.each([
    { argv: ['.', 'policy', 'check'], command: ['policy', 'check'] },
    { argv: ['-r', 'gate.cjs', '/var/tmp/app', 'users'], command: ['users'] },
    { argv: ['--ozone-platform=headless', '/var/tmp/app', 'users'], command: ['users'] },
    { argv: ['/var/tmp/app', '--help'], command: ['help'] },
    { argv: ['users'], command: null },
    { argv: ['--inspect=0', '/var/tmp/app'], command: null },
  ])('in development, behind the folder of the app: $argv gives $command', ({ argv, command }) => {
    expect(words(argv, false)).toEqual(command);
  });

  it('gives the words before the command back, so that they can be judged', () => {
    expect(commandWords(['cloister', '--inspect', 'users', '--json'], true)?.before).toEqual([
      'cloister',
      '--inspect',
    ]);
  });
});
