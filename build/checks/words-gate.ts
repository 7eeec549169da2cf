import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../setup/cache-folder.mjs';
import type { Gate } from './gate.ts';

type Ban = {
  readonly words: RegExp;
  /** Paths from the checkout that it holds for. */
  readonly where: RegExp;
  readonly why: string;
  /** A line may say that it is NOT so. */
  readonly deniable: boolean;
  /** Lines that it must find: a pattern that finds nothing guards nothing. */
  readonly examples: readonly string[];
};

const product = /^(?:electron|renderer)\/(?!.*\.test\.tsx?$)(?!links\/network-guard)/u;

/** Split so that this file does not hold what it looks for. */
const switchOff = ['no', 'sandbox'].join('-');
const claim = ['HIPAA', 'certified'].join(' ');

/** Ways past the linter's fence that its rules do not see, and words that must not stand anywhere. */
export const bans: readonly Ban[] = [
  {
    words: new RegExp(`\\b${switchOff}\\b`, 'u'),
    where: /^(?:electron|renderer|build\/package)\/(?!.*\.test\.tsx?$)|^package\.json$/u,
    why: 'the product never runs without Chromium’s sandbox',
    deniable: false,
    examples: [`args: ['--${switchOff}'] // not when root`, `appendSwitch('${switchOff}')`],
  },
  {
    words: /\bimport\b[^;]*\b(?:net|shell)\b[^;]*\bfrom 'electron'|\bimport \* as \w+ from 'electron'/u,
    where: product,
    why: 'Electron’s own network and its way to open things outside are not for the product',
    deniable: false,
    examples: [
      "import { net } from 'electron';",
      "import { app, shell } from 'electron';",
      "import * as electron from 'electron';",
    ],
  },
  {
    words: /\bglobalThis\s*(?:\?\.|\.)\s*(?:fetch|WebSocket|EventSource|XMLHttpRequest)\b|\bglobalThis\s*\[/u,
    where: product,
    why: 'the app opens no connection, by no other name either',
    deniable: false,
    examples: ["globalThis.fetch('x')", "globalThis['fetch']('x')"],
  },
  {
    words:
      /\bgetBuiltinModule\b|\bcreateRequire\b|\brequire\(['"](?:node:)?(?:net|tls|dgram|dns|http|https|http2)\b/u,
    where: new RegExp(`^(?!electron/main/app-hash\\.ts$)${product.source.slice(1)}`, 'u'),
    why: 'a module that is loaded past the linter could be one that opens a socket',
    deniable: false,
    examples: [
      "process.getBuiltinModule('node:net')",
      "createRequire(import.meta.url)('node:net')",
      "require('net')",
    ],
  },
  {
    words: new RegExp(`HIPAA[- ](?:compliant|${claim.split(' ')[1]})`, 'iu'),
    where: /\.(?:ts|tsx|mjs|json|md|html|txt)$/u,
    why: 'no software can claim that; say what it does instead',
    deniable: true,
    examples: [`Cloister is ${claim}.`],
  },
];

const denial = /\b(?:not|no|never|cannot|nobody|neither|nor)\b/iu;

export function breaks(ban: Ban, line: string): boolean {
  return ban.words.test(line) && !(ban.deniable && denial.test(line.replace(ban.words, '')));
}

export const wordsGate: Gate = {
  name: 'words',
  what: 'no switched-off sandbox, no way around the fence, no claim that nobody can make',
  run: () => {
    const blind = bans.flatMap((ban) =>
      ban.examples.filter((line) => !breaks(ban, line)).map((line) => `this gate does not find: ${line}`),
    );
    const found = trackedFiles().flatMap((path) => {
      const applying = bans.filter((ban) => ban.where.test(path));
      if (applying.length === 0) return [];
      return readFileSync(join(checkout, path), 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          applying.filter((ban) => breaks(ban, line)).map((ban) => `${path}:${index + 1}: ${ban.why}`),
        );
    });
    const output = [...blind, ...found];
    return Promise.resolve({ passed: output.length === 0, output: output.join('\n') });
  },
};

/** Tracked files and new ones that git does not ignore; in an unpacked archive, all in the folders of the project. */
function trackedFiles(): readonly string[] {
  const list = (...words: readonly string[]) =>
    spawnSync('git', ['ls-files', '-z', ...words], { cwd: checkout, encoding: 'utf8' });
  const listed = list('--cached', '--others', '--exclude-standard', '--deduplicate');
  if (listed.status !== 0) return filesOfFolders();
  const gone = new Set(list('--deleted').stdout.split('\0'));
  return listed.stdout.split('\0').filter((path) => path !== '' && !gone.has(path));
}

function filesOfFolders(): readonly string[] {
  return ['electron', 'renderer', 'models', 'build', 'e2e', 'docs'].flatMap((folder) =>
    readdirSync(join(checkout, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(checkout.length + 1)),
  );
}
