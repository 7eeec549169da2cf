import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout } from '../setup/cache-folder.mjs';
import { type Finding, type Gate, runTool } from './gate.ts';

/** The projects whose own tsconfig.json is put to the test. */
const projects = [
  'electron/shared',
  'electron/links',
  'electron/main',
  'electron/preload',
  'electron/vault',
  'electron/inference',
  'electron/egress',
  'electron/cli',
  'renderer',
];

const fixtures = join(checkout, 'build/checks/fixtures');

/**
 * A fence that nothing ever ran into may not stand at all. Lays the bad examples of `fixtures/` out as a small copy of the
 * repository, with the real configuration of the compiler and the linter, and demands that each is reported with the
 * code its first line names, and that the good ones are not reported.
 */
export const fenceGate: Gate = {
  name: 'fence',
  what: 'bad examples are refused by compiler and linter',
  run: async () => {
    // Outside the checkout, where its .gitignore does not hide the copy from the linter.
    const tree = mkdtempSync(join(tmpdir(), 'cloister-fence-'));
    try {
      return await tryFence(tree);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  },
};

async function tryFence(tree: string): Promise<Finding> {
  layOut(tree);
  const [types, lint] = await Promise.all([
    runTool('typescript/bin/tsc', ['-b', '--pretty', 'false', ...projects], { cwd: tree }),
    runTool('oxlint/bin/oxlint', ['--type-aware', '-f', 'unix', 'electron', 'renderer'], {
      cwd: tree,
    }),
  ]);
  return judge(readExpectations(), `${types.output}\n${lint.output}`);
}

function layOut(tree: string): void {
  mkdirSync(join(tree, 'build'), { recursive: true });
  cpSync(fixtures, tree, { recursive: true });
  for (const path of [
    '.oxlintrc.json',
    'build/tsconfig.base.json',
    ...projects.map((project) => `${project}/tsconfig.json`),
  ]) {
    cpSync(join(checkout, path), join(tree, path));
  }
  symlinkSync(join(checkout, 'node_modules'), join(tree, 'node_modules'));
}

type Expectation = { readonly path: string; readonly code: string };

function readExpectations(): readonly Expectation[] {
  return readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const code = /^\/\/ expect: (\S+)\n/u.exec(readFileSync(join(fixtures, path), 'utf8'))?.[1];
      if (code === undefined) throw new Error(`${path} does not say what is expected of it`);
      return { path: path.replaceAll('\\', '/'), code };
    });
}

function judge(expectations: readonly Expectation[], output: string): Finding {
  const lines = output.split('\n');
  const wrong = expectations.flatMap(({ path, code }) => {
    const about = lines.filter((line) => line.startsWith(`${path}:`) || line.startsWith(`${path}(`));
    if (code === 'nothing')
      return about.length === 0 ? [] : [`${path} is a good example and was refused: ${about.join('; ')}`];
    return about.some((line) => line.includes(code))
      ? []
      : [`${path} should have been refused with ${code} and was not: ${about.join('; ')}`];
  });
  const bad = expectations.filter(({ code }) => code !== 'nothing').length;
  if (bad === 0) wrong.push('There is no bad example to try the fence with.');
  return { passed: wrong.length === 0, output: wrong.join('\n') };
}
