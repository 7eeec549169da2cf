import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../setup/cache-folder.mjs';
import type { Gate } from './gate.ts';

type Ban = { readonly words: RegExp; readonly where: RegExp; readonly why: string };

/** Split so that this file does not hold what it looks for. */
const bans: readonly Ban[] = [
  {
    words: new RegExp(['--no', 'sandbox'].join('-'), 'u'),
    where: /^(?:electron|renderer|build\/package)\/(?!.*\.test\.tsx?$)|^package\.json$/u,
    why: 'the product never runs without Chromium’s sandbox',
  },
  {
    words: new RegExp(`HIPAA[- ](?:compliant|${'certified'})`, 'iu'),
    where: /\.(?:ts|tsx|mjs|json|md|html|txt)$/u,
    why: 'no software can claim that; say what it does instead',
  },
];

/** A document may say that the claim is NOT made. */
const denial = /\b(?:not|no|never|cannot|nobody|neither|nor)\b/iu;

export const wordsGate: Gate = {
  name: 'words',
  what: 'no switched-off sandbox, no claim that nobody can make',
  run: () => {
    const found = trackedFiles().flatMap((path) => {
      const applying = bans.filter((ban) => ban.where.test(path));
      if (applying.length === 0) return [];
      return readFileSync(join(checkout, path), 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          applying
            .filter((ban) => ban.words.test(line) && !denial.test(line.replace(ban.words, '')))
            .map((ban) => `${path}:${index + 1}: ${ban.why}`),
        );
    });
    return Promise.resolve({ passed: found.length === 0, output: found.join('\n') });
  },
};

/** Tracked files and new ones that git does not ignore. */
function trackedFiles(): readonly string[] {
  const listed = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    {
      cwd: checkout,
      encoding: 'utf8',
    },
  );
  if (listed.status !== 0) throw new Error(`git could not list the files: ${listed.stderr}`);
  const deleted = spawnSync('git', ['ls-files', '-z', '--deleted'], { cwd: checkout, encoding: 'utf8' });
  const gone = new Set(deleted.stdout.split('\0'));
  return listed.stdout.split('\0').filter((path) => path !== '' && !gone.has(path));
}
