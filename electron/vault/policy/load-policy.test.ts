import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signNote, verifierKeyFor } from '../log/signed-note.ts';
import { maximumPolicyBytes } from './load-policy.ts';
import {
  currentUser,
  domain,
  foreignSeed,
  load,
  noteOf,
  organisationKey,
  organisationSeed,
  policyDocument,
  policyFolder,
  type Files,
} from './policy-fixture.ts';
import { policyProblem, policyProblemCodes } from './policy-problem.ts';
import { defaultSettings, policySettingNames, strictestSettings } from './policy-settings.ts';

const note = noteOf(policyDocument);
const good: Files = { 'policy.note': note, 'organisation.vkey': `${organisationKey}\n` };
const foreignKey = verifierKeyFor(domain, foreignSeed);
const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const onPosix = it.skipIf(process.platform === 'win32');

/** Everything strictest, and why; `problem: null` means that it was taken. */
function problemOf(policy: ReturnType<typeof load>): string | null {
  if (policy.problem === null) return null;
  expect(policy).toEqual({
    settings: strictestSettings(),
    sources: Object.fromEntries(policySettingNames.map((name) => [name, 'strictest'])),
    version: null,
    organisation: null,
    issuedAt: null,
    verifierKey: null,
    note: null,
    sha256: policy.sha256,
    problem: policy.problem,
  });
  return policy.problem.code;
}

describe('without a policy and without a key', () => {
  it.each([
    ['in an empty folder', policyFolder({})],
    ['without the folder', join(policyFolder({}), 'absent')],
  ])('the defaults are in force %s', (_, folder) => {
    expect(load(folder)).toEqual({
      settings: defaultSettings(),
      sources: Object.fromEntries(policySettingNames.map((name) => [name, 'default'])),
      version: null,
      organisation: null,
      issuedAt: null,
      verifierKey: null,
      note: null,
      sha256: null,
      problem: null,
    });
  });
});

describe('a signed policy', () => {
  it('is in force, with the defaults for what it leaves out', () => {
    expect(load(policyFolder(good))).toEqual({
      settings: { ...defaultSettings(), ...policyDocument.settings },
      sources: {
        ...Object.fromEntries(policySettingNames.map((name) => [name, 'default'])),
        idleLockMinutes: 'policy',
        secondFactor: 'policy',
        auditorReadsText: 'policy',
      },
      version: 7,
      organisation: domain,
      issuedAt: '2026-11-23T09:00:00Z',
      verifierKey: organisationKey,
      note,
      sha256: sha256(note),
      problem: null,
    });
  });

  it.each([
    ['only the pinned key', { 'policy.note': note }, organisationKey],
    ['the same key pinned and beside it', good, organisationKey],
    ['a key file without a newline', { ...good, 'organisation.vkey': organisationKey }, null],
  ])('is taken with %s', (_, files, pinnedKey) => {
    expect(load(policyFolder(files), { pinnedKey }).version).toBe(7);
  });

  it('is taken in the version that was seen last, and in a higher one', () => {
    const folder = policyFolder(good);
    expect([6, 7].map((highestSeenVersion) => load(folder, { highestSeenVersion }).version)).toEqual([7, 7]);
  });

  it('says "policy" also where it repeats a default', () => {
    const folder = policyFolder({
      ...good,
      'policy.note': noteOf({ ...policyDocument, settings: { idleLockMinutes: 10 } }),
    });
    expect(load(folder).sources.idleLockMinutes).toBe('policy');
  });

  it('may carry signatures of others', () => {
    const other = signNote('x\n', 'another.example', foreignSeed).slice('x\n\n'.length);
    expect(load(policyFolder({ ...good, 'policy.note': `${note}${other}` })).version).toBe(7);
  });

  it('may come from managed preferences, which go before the file', () => {
    const managed = noteOf({ ...policyDocument, version: 8 });
    const loaded = [policyFolder(good), join(policyFolder({}), 'absent')].map(
      (folder) => load(folder, { managedPreferences: () => managed, pinnedKey: organisationKey }).version,
    );
    expect(loaded).toEqual([8, 8]);
    expect(load(policyFolder(good), { managedPreferences: () => null }).version).toBe(7);
  });
});

describe('everything is at its strictest', () => {
  const replaced = (document: unknown): Files => ({ ...good, 'policy.note': noteOf(document) });
  const settings = (changed: unknown): Files => replaced({ ...policyDocument, settings: changed });
  const signed = (text: string): Files => ({
    ...good,
    'policy.note': signNote(text, domain, organisationSeed),
  });
  const text = `${JSON.stringify(policyDocument)}\n`;

  it.each<[string, Files, string]>([
    ['without the policy, but with a key', { 'organisation.vkey': organisationKey }, 'policy-missing'],
    ['without a key', { 'policy.note': note }, 'policy-key-missing'],
    ['with an empty key file', { ...good, 'organisation.vkey': '' }, 'policy-key-malformed'],
    [
      'with two keys',
      { ...good, 'organisation.vkey': `${organisationKey}\n${foreignKey}\n` },
      'policy-key-malformed',
    ],
    [
      'with a huge key file',
      { ...good, 'organisation.vkey': organisationKey.repeat(50) },
      'policy-key-malformed',
    ],
    ['with another setting', { ...good, 'policy.note': note.replace(': 5', ': 6') }, 'policy-signature'],
    ['when cut off', { ...good, 'policy.note': note.slice(0, -10) }, 'policy-signature'],
    ['when empty', { ...good, 'policy.note': '' }, 'policy-signature'],
    ['without a signature', { ...good, 'policy.note': text }, 'policy-signature'],
    ['when not UTF-8', { ...good, 'policy.note': Buffer.from(note, 'utf16le') }, 'policy-signature'],
    ['with Windows line ends', { ...good, 'policy.note': note.replace(/\n/g, '\r\n') }, 'policy-signature'],
    [
      'when signed by another key of the name',
      { ...good, 'policy.note': noteOf(policyDocument, domain, foreignSeed) },
      'policy-unknown-signer',
    ],
    [
      'when signed under another name',
      { ...good, 'policy.note': noteOf(policyDocument, 'other.example') },
      'policy-unknown-signer',
    ],
    [
      'when larger than 1 MiB',
      signed(`${text.trimEnd()}${' '.repeat(maximumPolicyBytes)}\n`),
      'policy-too-large',
    ],
    ['when not JSON', signed('idleLockMinutes = 5\n'), 'policy-malformed'],
    ['when a list', replaced([policyDocument]), 'policy-malformed'],
    ['with an unknown member', replaced({ ...policyDocument, comment: 'x' }), 'policy-malformed'],
    ['with a misspelled setting', settings({ secondFaktor: 'required' }), 'policy-malformed'],
    [
      'with a setting twice',
      signed(text.replace('"settings":{', '"settings":{"idleLockMinutes":1,')),
      'policy-malformed',
    ],
    ['with a value out of range', settings({ idleLockMinutes: 31 }), 'policy-malformed'],
    ['with a value of another kind', settings({ solePractitioner: 'false' }), 'policy-malformed'],
    ['with null for a value', settings({ idleLockMinutes: null }), 'policy-malformed'],
    [
      'with a prototype',
      signed(text.replace('"settings":{', '"settings":{"__proto__":{},')),
      'policy-malformed',
    ],
    ['without settings', replaced({ ...policyDocument, settings: undefined }), 'policy-malformed'],
    ['of another format', replaced({ ...policyDocument, v: 2 }), 'policy-malformed'],
    ['of version 0', replaced({ ...policyDocument, version: 0 }), 'policy-malformed'],
    ['issued at no time', replaced({ ...policyDocument, issuedAt: 'yesterday' }), 'policy-malformed'],
    [
      'for another organisation',
      replaced({ ...policyDocument, organisation: 'other.example' }),
      'policy-other-organisation',
    ],
  ])('%s', (_, files, code) => {
    expect(problemOf(load(policyFolder(files)))).toBe(code);
  });

  it.each<[string, Files, string, string]>([
    ['without any file on an enrolled computer', {}, organisationKey, 'policy-missing'],
    ['with another key than the pinned one', good, foreignKey, 'policy-key-differs'],
    ['with a damaged pinned key', good, 'x', 'policy-key-malformed'],
    [
      'with a damaged key beside the pinned one',
      { ...good, 'organisation.vkey': 'x' },
      organisationKey,
      'policy-key-malformed',
    ],
    ['when the pinned key did not sign', { 'policy.note': note }, foreignKey, 'policy-unknown-signer'],
  ])('%s', (_, files, pinnedKey, code) => {
    expect(problemOf(load(policyFolder(files), { pinnedKey }))).toBe(code);
  });

  it('without the folder on an enrolled computer', () => {
    const policy = load(join(policyFolder({}), 'absent'), { pinnedKey: organisationKey });
    expect(problemOf(policy)).toBe('policy-missing');
  });

  it('with a policy that is older than one seen before', () => {
    const policy = load(policyFolder(good), { highestSeenVersion: 8 });
    expect([problemOf(policy), policy.sha256]).toEqual(['policy-rolled-back', sha256(note)]);
  });

  it('with managed preferences that are wrong, whatever the file says', () => {
    const folder = policyFolder(good);
    const problems = ['', 'x\n', `${note}${' '.repeat(maximumPolicyBytes)}`].map((managed) =>
      problemOf(load(folder, { managedPreferences: () => managed })),
    );
    expect(problems).toEqual(['policy-signature', 'policy-signature', 'policy-too-large']);
  });

  it('and the hash is that of the refused file', () => {
    const changed = note.replace(': 5', ': 6');
    expect(load(policyFolder({ ...good, 'policy.note': changed })).sha256).toBe(sha256(changed));
  });
});

describe('a place that others can change is not trusted', () => {
  onPosix.each([
    ['the folder', '.', 'group', 0o775],
    ['the folder', '.', 'others', 0o757],
    ['the policy', 'policy.note', 'group', 0o664],
    ['the policy', 'policy.note', 'others', 0o646],
    ['the key', 'organisation.vkey', 'group', 0o664],
    ['the key', 'organisation.vkey', 'others', 0o646],
  ])('when %s (%s) may be written by the %s', (_what, name, _who, mode) => {
    const folder = policyFolder(good);
    chmodSync(join(folder, name), mode);
    expect(problemOf(load(folder, { pinnedKey: organisationKey }))).toBe('policy-permissions');
  });

  onPosix('when folder and files belong to somebody else', () => {
    expect(problemOf(load(policyFolder(good), { trustedOwners: [currentUser + 1] }))).toBe(
      'policy-permissions',
    );
  });

  onPosix('even when it is empty', () => {
    const folder = policyFolder({});
    chmodSync(folder, 0o777);
    expect(problemOf(load(folder))).toBe('policy-permissions');
  });

  it.skipIf(currentUser !== 0 || process.platform === 'win32')(
    'when one file belongs to somebody else',
    () => {
      const folder = policyFolder(good);
      chownSync(join(folder, 'policy.note'), currentUser + 1, currentUser);
      expect(problemOf(load(folder))).toBe('policy-permissions');
    },
  );

  it('but modes say nothing on Windows, where access lists decide', () => {
    const folder = policyFolder(good);
    chmodSync(join(folder, 'policy.note'), 0o666);
    expect(load(folder, { platform: 'win32', trustedOwners: [] }).version).toBe(7);
  });
});

describe('what is not a plain folder with plain files is not read', () => {
  onPosix.each(['policy.note', 'organisation.vkey'])('a link for %s', (name) => {
    const folder = policyFolder(good);
    const elsewhere = join(policyFolder({}), name);
    renameSync(join(folder, name), elsewhere);
    symlinkSync(elsewhere, join(folder, name));
    expect(problemOf(load(folder))).toBe('policy-not-a-file');
  });

  onPosix('a link that leads nowhere', () => {
    const folder = policyFolder({});
    symlinkSync(join(folder, 'absent'), join(folder, 'policy.note'));
    expect(problemOf(load(folder))).toBe('policy-not-a-file');
  });

  onPosix('a link for the folder', () => {
    const link = join(policyFolder({}), 'link');
    symlinkSync(policyFolder(good), link);
    expect(problemOf(load(link))).toBe('policy-not-a-file');
  });

  it('a folder for the policy, a file for the folder', () => {
    const folder = policyFolder({ ...good });
    rmSync(join(folder, 'policy.note'));
    mkdirSync(join(folder, 'policy.note'));
    const file = join(policyFolder({ file: '' }), 'file');
    expect([problemOf(load(folder)), problemOf(load(file))]).toEqual([
      'policy-not-a-file',
      'policy-not-a-file',
    ]);
  });

  onPosix('a pipe, which nobody writes to', () => {
    const folder = policyFolder({ 'organisation.vkey': organisationKey });
    execFileSync('sh', ['-c', 'mkfifo -m 644 "$0"', join(folder, 'policy.note')]);
    expect(problemOf(load(folder))).toBe('policy-not-a-file');
  });
});

describe('what cannot be read is not taken for missing', () => {
  onPosix('a path that the file system refuses', () => {
    expect(problemOf(load(join(policyFolder({}), 'x'.repeat(300))))).toBe('policy-unreadable');
  });

  it.skipIf(currentUser === 0 || process.platform === 'win32')(
    'a policy without the right to read it',
    () => {
      const folder = policyFolder(good);
      chmodSync(join(folder, 'policy.note'), 0o200);
      expect(problemOf(load(folder))).toBe('policy-unreadable');
    },
  );
});

describe('the sentence for IT', () => {
  it('of every problem says what happened, what was kept and what to do next', () => {
    for (const code of policyProblemCodes) {
      expect(code).toMatch(/^[a-z][a-z-]{0,39}$/);
      expect(policyProblem(code).message).toMatch(
        /^[A-Z].+\. Every setting .+ as they were\. IT: .+, then start Cloister again\.$/,
      );
    }
  });

  it('names the member of the document that is wrong, and never what stands there', () => {
    const messages = [
      { ...policyDocument, settings: { secondFaktor: 'geheim' } },
      { ...policyDocument, settings: { idleLockMinutes: 4711 } },
      { ...policyDocument, settings: { 'Patient: Jane Doe': 1 } },
    ].map((document) => load(policyFolder({ ...good, 'policy.note': noteOf(document) })).problem?.message);
    expect(messages).toEqual([
      expect.stringContaining('cannot be used: "settings" has a member "secondFaktor" that does not exist.'),
      expect.stringContaining(
        'cannot be used: "settings.idleLockMinutes" is missing or has a value that is not allowed.',
      ),
      expect.stringContaining('cannot be used: "settings" has a member that does not exist.'),
    ]);
    expect(messages.join()).not.toMatch(/geheim|4711|Jane/);
  });
});

describe('whatever is changed in a signed note', () => {
  const folder = policyFolder(good);
  const path = join(folder, 'policy.note');
  const whole = Buffer.from(note, 'utf8');
  const accepted = load(folder).settings;
  const loadBytes = (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    return load(folder);
  };

  it('at one byte, it is refused', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: whole.byteLength - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (index, difference) => {
          const changed = Buffer.from(whole);
          changed.writeUInt8(changed.readUInt8(index) ^ difference, index);
          expect(problemOf(loadBytes(changed))).not.toBeNull();
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('by cutting, doubling or inserting, it is never taken as another policy', () => {
    const places = fc.tuple(fc.nat({ max: whole.byteLength }), fc.nat({ max: whole.byteLength }));
    fc.assert(
      fc.property(places, fc.uint8Array({ maxLength: 20 }), ([from, to], inserted) => {
        const policy = loadBytes(Buffer.concat([whole.subarray(0, from), inserted, whole.subarray(to)]));
        if (problemOf(policy) === null) expect(policy.settings).toEqual(accepted);
      }),
      { numRuns: 1000 },
    );
  });

  it('at the lowest bit of any byte of the text, it is refused', () => {
    const textBytes = whole.lastIndexOf('\n\n') + 1;
    for (let index = 0; index < textBytes; index += 1) {
      const changed = Buffer.from(whole);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(problemOf(loadBytes(changed))).not.toBeNull();
    }
  });
});

it('the golden example is taken, and signed again is the same', () => {
  const golden = join(import.meta.dirname, 'golden');
  const example = readFileSync(join(golden, 'policy.note'), 'utf8');
  const key = readFileSync(join(golden, 'organisation.vkey'), 'utf8');
  const policy = load(policyFolder({ 'policy.note': example, 'organisation.vkey': key }));
  expect(policy).toMatchObject({
    problem: null,
    version: 7,
    settings: { idleLockMinutes: 5, secondFactor: 'required', auditorReadsText: true },
    sha256: '2df0dd1a146d7739ffa49cadfc6efc5700da68722445f36f8b1dcba7931c51b7',
  });
  expect([example, key]).toEqual([note, `${organisationKey}\n`]);
});
