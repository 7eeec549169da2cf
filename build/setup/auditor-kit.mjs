import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { checkout } from './cache-folder.mjs';
import { capture } from './run-command.mjs';
import { hashTree } from './stamp.mjs';

/** Where Debian's golang-golang-x-mod-dev puts the sources that the Go verifier is built on. */
const debianGoPath = '/usr/share/gocode';
const source = 'electron/auditor-kit/go';
const kept = join(checkout, '.cache/auditor-kit');

/** GOPATH mode is how Debian's Go packages are built; the guide for auditors says the same. */
const goEnvironment = {
  GO111MODULE: 'off',
  GOPATH: debianGoPath,
  GOFLAGS: '',
  GOCACHE: join(kept, 'go-build'),
};

/**
 * Vitest calls it once, before the unit tests: it makes the auditor's kit ready, so that each test that verifies a bundle
 * can ask all three verifiers (`electron/vault/log/other-verifiers.ts`, which reads these variables). What is not installed
 * is left out here, and is a failing test where there is CI.
 */
export function setup() {
  const go = goVerifier();
  if (go !== null) Object.assign(process.env, goEnvironment, { CLOISTER_GO_VERIFIER: go });
  const python = capture('python3', ['-c', 'import sys; print(sys.executable)']);
  if (python !== null) process.env['CLOISTER_PYTHON'] = python;
}

/** @returns {string | null} the built program, or null where Go or Debian's package is missing */
function goVerifier() {
  const has = existsSync(join(debianGoPath, 'src/golang.org/x/mod/sumdb/tlog'));
  if (!has || capture('go', ['version']) === null) return null;
  const program = join(kept, `verify-${hashTree(checkout, [source]).slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(kept, { recursive: true });
  for (const old of readdirSync(kept).filter((name) => name.startsWith('verify-'))) rmSync(join(kept, old));
  const build = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: join(checkout, source),
    encoding: 'utf8',
    env: { ...process.env, ...goEnvironment },
  });
  if (build.status !== 0) throw new Error(`the Go verifier does not build:\n${build.stderr}`);
  return program;
}
