import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { noteOf, organisationKey, policyDocument, policyFolder } from '../vault/policy/policy-fixture.ts';
import { cliDeps, emptyFolder, givenSecret, jsonAnswer, run, type Run } from './cli-fixture.ts';

let folder: string;
const at = (name: string): string => join(folder, name);
const cli = (...words: string[]): Promise<Run> => run(words, cliDeps({ workingFolder: folder }));
const keygen = (): Promise<Run> => cli('policy', 'keygen', 'org.key', '--domain', 'clinic.example');

beforeEach(() => {
  folder = emptyFolder();
  writeFileSync(at('policy.json'), JSON.stringify(policyDocument));
});

describe('policy keygen', () => {
  it('writes the private key for this account alone and says nothing of it', async () => {
    const { exitCode, answer, problem } = await keygen();
    expect({ exitCode, problem }).toEqual({ exitCode: 0, problem: '' });
    expect(statSync(at('org.key')).mode & 0o777).toBe(0o600);
    const line = readFileSync(at('org.key'), 'utf8');
    expect(line).toMatch(/^PRIVATE\+KEY\+clinic\.example\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}\n$/);
    expect(answer).not.toContain('PRIVATE');
    expect(answer).not.toContain(line.trim().slice(-44));
    expect(answer).toMatch(/clinic\.example\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*\n$/);
  });

  it('never replaces a file', async () => {
    writeFileSync(at('org.key'), 'the only key');
    expect((await keygen()).exitCode).toBe(1);
    expect(readFileSync(at('org.key'), 'utf8')).toBe('the only key');
  });

  it('refuses what is no domain, and a folder that is not there', async () => {
    expect((await cli('policy', 'keygen', 'org.key', '--domain', 'Clinic Example')).exitCode).toBe(1);
    expect((await cli('policy', 'keygen', 'no/org.key', '--domain', 'clinic.example')).exitCode).toBe(1);
    expect(existsSync(at('org.key'))).toBe(false);
  });
});

describe('policy sign', () => {
  it('makes what policy check trusts', async () => {
    await keygen();
    expect(await cli('policy', 'sign', 'policy.json', '--key', 'org.key')).toMatchObject({
      exitCode: 0,
      problem: '',
    });
    expect(statSync(at('policy.note')).mode & 0o777).toBe(0o644);
    const checked = await cli('policy', 'check', '--folder', '.', '--json');
    expect(checked.exitCode).toBe(0);
    expect(jsonAnswer(checked)).toMatchObject({ version: 7, organisation: 'clinic.example', problem: null });
  });

  it('signs the next policy beside the same public key, and refuses beside another or over a policy', async () => {
    await keygen();
    const sign = (): Promise<Run> => cli('policy', 'sign', 'policy.json', '--key', 'org.key');
    await cli('policy', 'sign', 'policy.json', '--key', 'org.key');
    const before = readFileSync(at('policy.note'), 'utf8');
    expect((await sign()).exitCode).toBe(1);
    expect(readFileSync(at('policy.note'), 'utf8')).toBe(before);

    const next = emptyFolder();
    writeFileSync(join(next, 'organisation.vkey'), readFileSync(at('organisation.vkey')));
    expect((await cli('policy', 'sign', 'policy.json', '--key', 'org.key', '--out', next)).exitCode).toBe(0);

    const foreign = emptyFolder();
    writeFileSync(join(foreign, 'organisation.vkey'), `${organisationKey}\n`);
    expect((await cli('policy', 'sign', 'policy.json', '--key', 'org.key', '--out', foreign)).exitCode).toBe(
      1,
    );
    expect(existsSync(join(foreign, 'policy.note'))).toBe(false);
  });

  it('takes the key from a pipe', async () => {
    await keygen();
    const deps = cliDeps({ workingFolder: folder, ...givenSecret(readFileSync(at('org.key'), 'utf8')) });
    expect((await run(['policy', 'sign', 'policy.json', '--key', '-'], deps)).exitCode).toBe(0);
  });

  it.each([
    ['a policy with a misspelled setting', 'policy.json', '{"v":1}', 'This policy cannot be used'],
    ['a key that was cut', 'org.key', 'PRIVATE+KEY+clinic.example+00000000+AAAA', 'not a usable signing key'],
    [
      'a key whose line was damaged',
      'org.key',
      `PRIVATE+KEY+clinic.example+00000000+${Buffer.concat([Uint8Array.of(1), Buffer.alloc(32)]).toString('base64')}`,
      'not a usable signing key',
    ],
    [
      'a policy of another organisation',
      'policy.json',
      JSON.stringify({ ...policyDocument, organisation: 'other.example' }),
      'belongs to another organisation',
    ],
    ['a policy that is no text', 'policy.json', Buffer.from([0xff, 0xfe]), 'not a text in UTF-8'],
  ])('refuses %s and writes nothing', async (_, file, content, sentence) => {
    await keygen();
    writeFileSync(at(file), content);
    const { exitCode, answer, problem } = await cli('policy', 'sign', 'policy.json', '--key', 'org.key');
    expect({ exitCode, answer }).toEqual({ exitCode: 1, answer: '' });
    expect(problem).toContain(sentence);
    expect(existsSync(at('policy.note'))).toBe(false);
  });

  it('refuses a policy or a key that is not there', async () => {
    await keygen();
    expect((await cli('policy', 'sign', 'other.json', '--key', 'org.key')).problem).toContain(
      'The policy could',
    );
    expect((await cli('policy', 'sign', 'policy.json', '--key', 'other')).problem).toContain(
      'The signing key',
    );
  });
});

describe('policy check', () => {
  it('passes without a policy: every setting has its default', async () => {
    const { exitCode, answer } = await cli('policy', 'check');
    expect(exitCode).toBe(0);
    expect(answer).toContain('There is no policy');
    expect(answer).toMatch(/^idleLockMinutes +10 {2}\(default\)$/m);
  });

  it('fails for a policy that was changed, with the reason and the settings that are in force', async () => {
    const note = noteOf(policyDocument).replace('"idleLockMinutes": 5', '"idleLockMinutes": 30');
    const changed = policyFolder({ 'policy.note': note, 'organisation.vkey': organisationKey });
    const checked = await cli('policy', 'check', '--folder', changed, '--json');
    expect(checked.exitCode).toBe(1);
    expect(jsonAnswer(checked)).toMatchObject({ problemCode: 'policy-signature', version: null });
    expect((await cli('policy', 'check', '--folder', changed)).answer).toMatch(
      /^idleLockMinutes +1 {2}\(strictest\)$/m,
    );
  });

  it.skipIf(process.platform === 'win32')('fails for a folder that others may write to', async () => {
    const open = policyFolder({
      'policy.note': noteOf(policyDocument),
      'organisation.vkey': organisationKey,
    });
    chmodSync(open, 0o777);
    const checked = await cli('policy', 'check', '--folder', open, '--json');
    expect(jsonAnswer(checked)).toMatchObject({ problemCode: 'policy-permissions' });
  });
});
