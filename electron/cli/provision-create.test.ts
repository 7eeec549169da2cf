import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { valueOf } from '../vault/keys/keys-fixture.ts';
import { createRecoveryIdentity } from '../vault/keys/recovery-key.ts';
import { parseEnrolmentCode } from '../vault/policy/enrolment-code.ts';
import { openProvisioning } from '../vault/policy/provisioning.ts';
import { cliDeps, emptyFolder, jsonAnswer, run, type Run } from './cli-fixture.ts';

let folder: string;
let description: unknown;
const at = (name: string): string => join(folder, name);
const cli = (...words: string[]): Promise<Run> => run(words, cliDeps({ workingFolder: folder }));
const create = (...more: string[]): Promise<Run> =>
  cli('provision', 'create', 'people.json', '--key', 'org.key', ...more);
const codePattern = /(?:[0-9A-Z]{4}-){5}[0-9A-Z]{2}/g;

beforeEach(async () => {
  folder = emptyFolder();
  await cli('policy', 'keygen', 'org.key', '--domain', 'clinic.example');
  description = {
    organisation: { name: 'Example Clinic', domain: 'clinic.example' },
    recoveryRecipients: [
      (await createRecoveryIdentity()).recipient,
      (await createRecoveryIdentity()).recipient,
    ],
    people: [
      { name: 'Ivy Admin', role: 'it-admin' },
      { name: 'Dr. Cleo Marsh', role: 'clinician' },
    ],
  };
  writeFileSync(at('people.json'), JSON.stringify(description, null, 2));
});

describe('provision create', () => {
  it('writes a file that a computer takes, and prints a code for each person that stands nowhere else', async () => {
    const { exitCode, answer, problem } = await create();
    expect({ exitCode, problem }).toEqual({ exitCode: 0, problem: '' });
    const codes = answer.match(codePattern) ?? [];
    expect(codes).toHaveLength(2);
    for (const code of codes) valueOf(parseEnrolmentCode(code));
    const note = readFileSync(at('provisioning.note'));
    for (const code of codes) expect(note.includes(code)).toBe(false);
    const verifierKey = readFileSync(at('organisation.vkey'), 'utf8').trimEnd();
    const opened = valueOf(await openProvisioning(note, verifierKey));
    expect(opened.users.map(({ displayName, role }) => [displayName, role])).toEqual([
      ['Ivy Admin', 'it-admin'],
      ['Dr. Cleo Marsh', 'clinician'],
    ]);
  });

  it('gives the same as JSON, each code with the person it is for', async () => {
    const made = z
      .object({ people: z.array(z.object({ userId: z.uuid(), displayName: z.string(), code: z.string() })) })
      .parse(jsonAnswer(await create('--json')));
    const file = readFileSync(at('provisioning.note'), 'utf8');
    expect(made.people.map(({ displayName }) => displayName)).toEqual(['Ivy Admin', 'Dr. Cleo Marsh']);
    for (const { userId, code } of made.people) {
      expect(file).toContain(userId);
      expect(code).toMatch(codePattern);
    }
  });

  it('prints no code where the file could not be written', async () => {
    writeFileSync(at('provisioning.note'), 'the one of last year');
    const { exitCode, answer, problem } = await create();
    expect({ exitCode, answer }).toEqual({ exitCode: 1, answer: '' });
    expect(problem).not.toMatch(codePattern);
    expect(readFileSync(at('provisioning.note'), 'utf8')).toBe('the one of last year');
  });

  it.each([
    ['is not JSON', () => '{', 'it is not JSON'],
    ['has a member that is not known', (text: string) => text.replace('people', 'persons'), 'people'],
    ['gives a role that does not exist', (text: string) => text.replace('it-admin', 'boss'), 'people.0.role'],
    ['has no usable recovery key', (text: string) => text.replace(/age1\w{4}/, 'age1qqqq'), 'public key'],
    ['names two people alike', (text: string) => text.replace('Dr. Cleo Marsh', 'Ivy Admin'), 'same name'],
    [
      'is of another organisation',
      (text: string) => text.replace('clinic.ex', 'other.ex'),
      'another organisation',
    ],
  ])('refuses a description that %s', async (_, change, sentence) => {
    writeFileSync(at('people.json'), change(readFileSync(at('people.json'), 'utf8')));
    const { exitCode, answer, problem } = await create();
    expect({ exitCode, answer }).toEqual({ exitCode: 1, answer: '' });
    expect(problem).toContain(sentence);
    expect(existsSync(at('provisioning.note'))).toBe(false);
  });
});
