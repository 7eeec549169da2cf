import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

/** For tests: the verifiers of the auditor's kit beside verify.mjs. `build/setup/auditor-kit.mjs` makes them ready. */
export type VerifierRun = {
  readonly exitCode: number | null;
  readonly out: string;
  readonly problems: string;
};
type OtherVerifier = { readonly name: string; readonly command: string; readonly words: readonly string[] };

const kit = resolve(import.meta.dirname, '../../auditor-kit');

/** Those that this machine can run. */
export function otherVerifiers(): readonly OtherVerifier[] {
  const { CLOISTER_GO_VERIFIER: go, CLOISTER_PYTHON: python } = process.env;
  return [
    ...(go === undefined ? [] : [{ name: 'go', command: go, words: [] }]),
    // Isolated, and without site packages: only its standard library, as it is promised.
    ...(python === undefined
      ? []
      : [{ name: 'python', command: python, words: ['-I', '-S', `${kit}/verify.py`] }]),
  ];
}

/**
 * Asks the other verifiers the same, and compares exit code and answer with that of verify.mjs, word for word. Wrong use is
 * told in each one's own words.
 * @throws where one of them says something else
 */
export function compareVerifiers(words: readonly string[], ours: VerifierRun): void {
  for (const other of otherVerifiers()) {
    const run = spawnSync(other.command, [...other.words, ...words], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const theirs: VerifierRun = { exitCode: run.status, out: run.stdout, problems: run.stderr };
    if (!isSameAnswer(ours, theirs)) {
      throw new Error(
        `the verifiers disagree on ${words.join(' ')}\n${said('verify.mjs', ours)}\n${said(other.name, theirs)}`,
      );
    }
  }
}

function isSameAnswer(ours: VerifierRun, theirs: VerifierRun): boolean {
  if (ours.exitCode !== theirs.exitCode) return false;
  if (ours.exitCode === 2) return ours.out === '' && theirs.out === '' && theirs.problems !== '';
  return theirs.problems === '' && isDeepStrictEqual(answer(ours), answer(theirs));
}

/** JSON as its value: the order of its members means nothing. */
function answer({ out }: VerifierRun): unknown {
  return out.startsWith('{') ? JSON.parse(out) : out;
}

function said(name: string, { exitCode, out, problems }: VerifierRun): string {
  return `${name} ended with ${exitCode}: ${out}${problems}`;
}
