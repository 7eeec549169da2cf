import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { keyringFile, previousKeyringFile, writeKeyring } from '../vault/keys/keyring-file.ts';
import { valueOf } from '../vault/keys/keys-fixture.ts';
import { createRecoveryIdentity, groupForPrint } from '../vault/keys/recovery-key.ts';
import { noteOf, organisationKey, policyDocument, policyFolder } from '../vault/policy/policy-fixture.ts';
import {
  cliDeps,
  emptyFolder,
  givenSecret,
  installedFolder,
  jsonAnswer,
  run,
  type CliFixture,
  type Run,
} from './cli-fixture.ts';

let installed: CliFixture;
beforeAll(async () => {
  installed = await installedFolder();
});
const facts = (): { readonly dataFolder: string } => ({ dataFolder: installed.dataFolder });
/** Names and bytes of all files. */
function content(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'hex')]),
  );
}

describe('users', () => {
  it('lists id, name, role and state of every account', async () => {
    const listed = await run(['users', '--json'], cliDeps({}, facts()));
    const { administrator, clinician, keyring } = installed;
    expect(listed.exitCode).toBe(0);
    expect(jsonAnswer(listed)).toEqual({
      installationId: keyring.installationId,
      generation: 1,
      notice: null,
      users: [administrator, clinician].map(({ userId, displayName, role }) => ({
        userId,
        displayName,
        role,
        state: 'active',
      })),
    });
    expect((await run(['users'], cliDeps({}, facts()))).answer).toContain(
      `${clinician.userId}  Clinician           active     Cleo Clinician\n`,
    );
  });

  it('fails where Cloister is not set up, and where the key file is damaged', async () => {
    expect((await run(['users'], cliDeps())).problem).toContain('Cloister is not set up');
    const dataFolder = emptyFolder();
    writeFileSync(join(dataFolder, keyringFile), '{}');
    expect(await run(['users'], cliDeps({}, { dataFolder }))).toMatchObject({
      exitCode: 1,
      problem: expect.stringContaining('is damaged'),
    });
  });

  it('says so where the generation before stands in for a damaged one', async () => {
    const { dataFolder } = await installedFolder();
    const bytes = readFileSync(join(dataFolder, keyringFile));
    writeFileSync(join(dataFolder, previousKeyringFile), bytes);
    writeFileSync(join(dataFolder, keyringFile), bytes.subarray(1));
    expect((await run(['users'], cliDeps({}, { dataFolder }))).answer).toContain('the one before it is used');
  });
});

describe('drill', () => {
  const drill = (text: string, ...more: string[]): Promise<Run> =>
    run(['drill', ...more], cliDeps(givenSecret(text), facts()));

  it('passes with a recovery key of this installation, in every form that a person has it in, and writes nothing', async () => {
    const before = content(installed.dataFolder);
    const { recoveryIdentity } = installed;
    for (const text of [
      `${recoveryIdentity}\n`,
      groupForPrint(recoveryIdentity).join(' ').toLowerCase(),
      `# created: today\n# public key: age1\n${recoveryIdentity}\n`,
    ]) {
      const { exitCode, answer, problem } = await drill(text);
      expect({ exitCode, problem }).toEqual({ exitCode: 0, problem: '' });
      expect(answer).toContain('opens the keys of this installation');
      expect(answer).not.toContain(recoveryIdentity.slice(20));
    }
    expect(content(installed.dataFolder)).toEqual(before);
  });

  it('fails with the recovery key of another installation', async () => {
    const { identity } = await createRecoveryIdentity();
    const failed = await drill(identity, '--json');
    expect(failed.exitCode).toBe(1);
    expect(jsonAnswer(failed)).toMatchObject({ problem: { code: 'recovery-wrong-key' } });
    expect(failed.answer + failed.problem).not.toContain(identity.slice(20));
  });

  it.each(['', 'hello', 'AGE-SECRET-KEY-1QQQQQQQQQQ'])(
    'fails with "%s", which is not repeated',
    async (text) => {
      const { exitCode, answer, problem } = await drill(text);
      expect({ exitCode, answer }).toEqual({ exitCode: 1, answer: '' });
      expect(problem).not.toContain(text === '' ? 'QQQQ' : text);
    },
  );

  it('fails where somebody edited the key file, with the right key', async () => {
    const { dataFolder, keyring, recoveryIdentity } = await installedFolder();
    const users = keyring.users.map((user) => ({ ...user, role: 'it-admin' as const }));
    valueOf(writeKeyring(dataFolder, { ...keyring, generation: 2, users }));
    const failed = await run(['drill', '--json'], cliDeps(givenSecret(recoveryIdentity), { dataFolder }));
    expect(failed.exitCode).toBe(1);
    expect(jsonAnswer(failed)).toMatchObject({ problem: { code: 'keyring-damaged' } });
  });

  it('asks for nothing where there is nothing to open', async () => {
    expect((await run(['drill'], cliDeps())).problem).toContain('Cloister is not set up');
  });
});

describe('inventory', () => {
  const model = {
    id: 'tiny',
    name: 'Tiny',
    file: 'tiny.gguf',
    sizeBytes: 4,
    sha256: 'a'.repeat(64),
    contextTokens: 512,
    licence: 'Apache-2.0',
    repository: 'example/tiny',
    use: 'tests',
  };
  const catalogue = (change: object = {}): string => {
    const path = join(emptyFolder(), 'catalogue.json');
    const other = { ...model, id: 'other', file: 'other.gguf', sha256: 'b'.repeat(64) };
    writeFileSync(path, JSON.stringify({ version: 1, default: 'tiny', models: [model, other], ...change }));
    return path;
  };

  it('names versions, every approved model with its SHA-256, the policy and no endpoint', async () => {
    const modelsFolder = emptyFolder();
    writeFileSync(join(modelsFolder, 'tiny.gguf'), 'GGUF');
    const enginePackage = join(import.meta.dirname, '../../node_modules/node-llama-cpp');
    const taken = await run(
      ['inventory', '--json'],
      cliDeps({}, { ...facts(), modelsFolder, cataloguePath: catalogue(), enginePackage }),
    );
    expect(taken.exitCode).toBe(0);
    expect(jsonAnswer(taken)).toMatchObject({
      flavour: 'development',
      versions: { app: '0.1.0', node: process.versions.node, 'llama.cpp': expect.stringMatching(/\d/) },
      installation: { installationId: installed.keyring.installationId, deviceBinding: 'device-bound' },
      models: [
        { id: 'tiny', sha256: model.sha256, isDefault: true, isPresent: true },
        { id: 'other', sha256: 'b'.repeat(64), isDefault: false, isPresent: false },
      ],
      policy: { version: null, problem: null },
      endpoints: [],
    });
    for (const name of ['Ada Admin', 'Cleo Clinician']) expect(taken.answer).not.toContain(name);
  });

  it('names the hosts that a policy lets downloads connect to', async () => {
    const settings = { modelDownload: 'allowed', modelDownloadHosts: 'models.example,*.models.example' };
    const folder = policyFolder({
      'policy.note': noteOf({ ...policyDocument, settings }),
      'organisation.vkey': organisationKey,
    });
    const taken = await run(['inventory', '--json'], cliDeps({}, { ...facts(), policyFolder: folder }));
    expect(jsonAnswer(taken)).toMatchObject({
      endpoints: ['models.example', '*.models.example'].map((host) => ({ host, purpose: 'model-download' })),
    });
  });

  it('names no model of a catalogue that the vault does not take', async () => {
    const taken = await run(
      ['inventory', '--json'],
      cliDeps({}, { cataloguePath: catalogue({ default: 'gone' }) }),
    );
    expect(jsonAnswer(taken)).toMatchObject({
      models: [],
      installation: null,
      versions: { 'llama.cpp': null },
    });
  });
});
