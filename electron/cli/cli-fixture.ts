import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createLocalLine } from '../links/network-guard-line.ts';
import { ok } from '../shared/result.ts';
import { writeKeyring } from '../vault/keys/keyring-file.ts';
import { createKeysFixture, valueOf, weakKdf, type KeysFixture } from '../vault/keys/keys-fixture.ts';
import { databaseFile } from '../vault/setup/installation-files.ts';
import type { CommandDeps } from './command.ts';
import { commandList } from './command-list.ts';
import { runCommand } from './run-command.ts';

const temporary = mkdtempSync(join(tmpdir(), 'cloister-cli-'));
afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/** An empty folder of this account alone. */
export function emptyFolder(): string {
  return mkdtempSync(join(temporary, 'folder-'));
}

export type CliFixture = KeysFixture & { readonly dataFolder: string };

/** A data folder as after the first run, but that the record file is no database: no command opens it. */
export async function installedFolder(): Promise<CliFixture> {
  const dataFolder = emptyFolder();
  const fixture = await createKeysFixture();
  valueOf(writeKeyring(dataFolder, fixture.keyring));
  writeFileSync(join(dataFolder, databaseFile), 'not looked into', { mode: 0o600 });
  return { ...fixture, dataFolder };
}

/** Real files in folders of their own; only Electron's part is made up. */
export function cliDeps(
  changed: Partial<CommandDeps> = {},
  facts: Partial<CommandDeps['facts']> = {},
): CommandDeps {
  const folder = emptyFolder();
  return {
    platform: process.platform,
    userId: process.getuid?.() ?? null,
    programData: undefined,
    workingFolder: folder,
    procFolder: kernelSays(['0', 'core']),
    readSecret: () => Promise.reject(new Error('no secret was to be asked for')),
    kdf: weakKdf,
    ...changed,
    facts: {
      dataFolder: join(folder, 'nothing'),
      modelsFolder: folder,
      cataloguePath: join(folder, 'catalogue.json'),
      policyFolder: join(folder, 'policy'),
      enginePackage: folder,
      flavour: 'development',
      version: '0.1.0',
      localLine: createLocalLine(),
      appSha256: () => Promise.resolve(null),
      keychain: () => Promise.resolve({ available: true, backend: 'gnome_libsecret' }),
      ...facts,
    },
  };
}

/** What a person typed or piped in. */
export function givenSecret(text: string): Pick<CommandDeps, 'readSecret'> {
  return { readSecret: () => Promise.resolve(ok(Buffer.from(text))) };
}

/** A folder like `/proc`. */
export function kernelSays([limit, pattern, filter = '00000033']: readonly [
  string,
  string,
  string?,
]): string {
  const folder = emptyFolder();
  const kernel = join(folder, 'sys', 'kernel');
  mkdirSync(kernel, { recursive: true });
  mkdirSync(join(folder, 'self'));
  writeFileSync(join(folder, 'self', 'coredump_filter'), `${filter}\n`);
  writeFileSync(join(kernel, 'core_pattern'), `${pattern}\n`);
  writeFileSync(
    join(folder, 'self', 'limits'),
    `Limit                     Soft Limit           Hard Limit           Units     \nMax core file size        ${limit}                    unlimited            bytes     \n`,
  );
  return folder;
}

export type Run = { readonly exitCode: number; readonly answer: string; readonly problem: string };

/** The whole way from words to exit code. */
export async function run(words: readonly string[], deps: CommandDeps): Promise<Run> {
  let [answer, problem] = ['', ''];
  const exitCode = await runCommand(words, commandList, deps, {
    answer: async (text) => {
      answer += text;
    },
    problem: async (text) => {
      problem += text;
    },
  });
  return { exitCode, answer, problem };
}

export const jsonAnswer = ({ answer }: Run): unknown => JSON.parse(answer);
