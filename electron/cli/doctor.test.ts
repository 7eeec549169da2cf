import { chmodSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createKeysFixture, createTestKeychain, valueOf } from '../vault/keys/keys-fixture.ts';
import { keyringFile, writeKeyring } from '../vault/keys/keyring-file.ts';
import { noteOf, organisationKey, policyDocument, policyFolder } from '../vault/policy/policy-fixture.ts';
import { nextDatabaseFile } from '../vault/rotation/rotation-files.ts';
import { databaseFile, unfinishedDatabaseFile } from '../vault/setup/installation-files.ts';
import { cliDeps, emptyFolder, installedFolder, jsonAnswer, kernelSays, run } from './cli-fixture.ts';
import type { CommandDeps } from './command.ts';

const answerSchema = z.object({
  findings: z.array(z.object({ subject: z.string(), state: z.string(), sentence: z.string() })),
});
let dataFolder: string;
const at = (name: string): string => join(dataFolder, name);

beforeEach(async () => {
  ({ dataFolder } = await installedFolder());
});

async function examine(
  changed: Partial<CommandDeps> = {},
  facts: Partial<CommandDeps['facts']> = {},
): Promise<{ readonly exitCode: number; readonly states: Record<string, string>; readonly text: string }> {
  const done = await run(['doctor', '--json'], cliDeps(changed, { dataFolder, ...facts }));
  const { findings } = answerSchema.parse(jsonAnswer(done));
  return {
    exitCode: done.exitCode,
    states: Object.fromEntries(findings.map(({ subject, state }) => [subject, state])),
    text: done.answer,
  };
}

/** One thing is wrong: exactly that line needs attention. */
async function expectAttention(
  subject: string,
  changed: Partial<CommandDeps> = {},
  facts: Partial<CommandDeps['facts']> = {},
): Promise<void> {
  const { exitCode, states } = await examine(changed, facts);
  expect(exitCode).toBe(1);
  expect(Object.keys(states).filter((name) => states[name] === 'attention')).toEqual([subject]);
}

const noKeychain = { keychain: () => Promise.resolve({ available: false, backend: 'basic_text' }) };

describe.skipIf(process.platform !== 'linux')('doctor', () => {
  it('finds nothing on a sound installation, and names neither a path nor a person', async () => {
    const { exitCode, states, text } = await examine();
    expect(exitCode).toBe(0);
    expect(new Set(Object.values(states))).toEqual(new Set(['ok']));
    for (const secret of [dataFolder, 'Ada Admin', 'Cleo Clinician']) expect(text).not.toContain(secret);
  });

  it('says each line for people, with what to do', async () => {
    chmodSync(dataFolder, 0o755);
    const { answer } = await run(['doctor'], cliDeps({}, { dataFolder }));
    expect(answer).toMatch(
      /^attention +data folder +Other accounts can look into it\. Close it: chmod 700\.$/m,
    );
    expect(answer).toMatch(/^ok +key file +Readable, generation 1\.$/m);
  });

  it('sees a data folder of another account', async () => {
    const { states } = await examine({ userId: (process.getuid?.() ?? 0) + 1 });
    expect(states).toMatchObject({ 'data folder': 'attention', 'file permissions': 'attention' });
  });

  it('sees a link in the place of the data folder', async () => {
    const link = join(emptyFolder(), 'link');
    symlinkSync(dataFolder, link);
    await expectAttention('data folder', {}, { dataFolder: link });
  });

  it('sees a file that others may read, and a link in the place of one', async () => {
    chmodSync(at(databaseFile), 0o640);
    await expectAttention('file permissions');
    const elsewhere = join(emptyFolder(), 'moved');
    renameSync(at(databaseFile), elsewhere);
    symlinkSync(elsewhere, at(databaseFile));
    expect((await examine()).states).toMatchObject({ 'file permissions': 'attention' });
  });

  it('sees a damaged key file', async () => {
    truncateSync(at(keyringFile), 100);
    expect((await examine()).states).toMatchObject({ 'key file': 'attention' });
  });

  it.each([
    ['missing', () => rmSync(at(databaseFile))],
    ['empty', () => truncateSync(at(databaseFile), 0)],
    ['under its unfinished name', () => renameSync(at(databaseFile), at(unfinishedDatabaseFile))],
    ['a link to nowhere', () => (rmSync(at(databaseFile)), symlinkSync('/nowhere', at(databaseFile)))],
  ])('sees a record file that is %s', async (_, change) => {
    change();
    expect((await examine()).states).toMatchObject({ 'record file': 'attention' });
  });

  it('sees an interrupted change of the key', async () => {
    writeFileSync(at(nextDatabaseFile), 'half a copy', { mode: 0o600 });
    await expectAttention('record file');
  });

  it('sees a record without its key file', async () => {
    rmSync(at(keyringFile));
    await expectAttention('record file');
  });

  it('sees a lost keychain, and one that could not be asked', async () => {
    await expectAttention('keychain', {}, noKeychain);
    await expectAttention('keychain', {}, { keychain: () => Promise.resolve(null) });
  });

  it('takes an installation without a keychain, unless the policy requires one', async () => {
    dataFolder = emptyFolder();
    const { keyring } = await createKeysFixture({ keychain: createTestKeychain('basic_text', false) });
    valueOf(writeKeyring(dataFolder, keyring));
    writeFileSync(at(databaseFile), 'not looked into', { mode: 0o600 });
    expect((await examine({}, noKeychain)).exitCode).toBe(0);
    const settings = { deviceBinding: 'required' };
    const strict = policyFolder({
      'policy.note': noteOf({ ...policyDocument, settings }),
      'organisation.vkey': organisationKey,
    });
    await expectAttention('keychain', {}, { ...noKeychain, policyFolder: strict });
  });

  it('sees a policy that cannot be trusted', async () => {
    const changed = policyFolder({ 'policy.note': 'x', 'organisation.vkey': organisationKey });
    await expectAttention('policy', {}, { policyFolder: changed });
  });

  it.each([
    ['off', '0', 'core', '33', 'ok'],
    ['a file of any size', 'unlimited', 'core.%p', '33', 'attention'],
    [
      'a program that collects them, whatever the limit is',
      '0',
      '|/usr/lib/systemd/systemd-coredump',
      '33',
      'attention',
    ],
    ['a program, but no memory of ours', 'unlimited', '|/usr/lib/systemd/systemd-coredump', '00000000', 'ok'],
  ])('sees whether memory is dumped: %s', async (_, limit, pattern, filter, expected) => {
    const { states } = await examine({ procFolder: kernelSays([limit, pattern, filter]) });
    expect(states['core dumps']).toBe(expected);
  });

  it('needs no installation, and does not call what is not there broken', async () => {
    dataFolder = join(emptyFolder(), 'nothing');
    await expectAttention('data folder');
  });

  it('does not judge what the system does not tell', async () => {
    const { exitCode, states } = await examine({ platform: 'win32', userId: null });
    expect(states).toMatchObject({
      'data folder': 'not-checked',
      'file permissions': 'not-checked',
      'core dumps': 'not-checked',
    });
    expect(exitCode).toBe(0);
  });
});
