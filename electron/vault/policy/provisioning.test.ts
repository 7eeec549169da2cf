import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { userIdSchema } from '../../shared/ids.ts';
import { openEnrolmentKey } from '../keys/enrolment-key.ts';
import { codeOf, valueOf, weakKdf } from '../keys/keys-fixture.ts';
import { signNote, verifierKeyFor } from '../log/signed-note.ts';
import { parseEnrolmentCode } from './enrolment-code.ts';
import { domain, foreignSeed, organisationKey, organisationSeed } from './policy-fixture.ts';
import { maximumProvisioningBytes } from './provisioning-file.ts';
import { createProvisioning, openProvisioning } from './provisioning.ts';
import { provisioningSchema, type ProvisioningDocument } from './provisioning-schema.ts';

const organisation = { name: 'Example Clinic', domain };
const users = [
  { userId: userIdSchema.parse(randomUUID()), displayName: 'Ada Admin', role: 'it-admin' },
  { userId: userIdSchema.parse(randomUUID()), displayName: 'Zoë 王', role: 'clinician' },
  { userId: userIdSchema.parse(randomUUID()), displayName: 'Otto Auditor', role: 'auditor' },
] as const;
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

let recoveryRecipients: readonly [string, string];
let note: string;
let codes: readonly { readonly userId: string; readonly code: string }[];
let document: ProvisioningDocument;

const create = (changed: Partial<Parameters<typeof createProvisioning>[0]> = {}) =>
  createProvisioning({ organisation, organisationSeed, recoveryRecipients, users, kdf: weakKdf, ...changed });
const sign = (value: unknown, keyName: string = domain, seed = organisationSeed): string =>
  signNote(`${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}\n`, keyName, seed);

async function messageOf(
  file: string | Uint8Array,
  expected: string | null = organisationKey,
): Promise<string> {
  const opened = await openProvisioning(typeof file === 'string' ? utf8(file) : file, expected);
  if (opened.ok) return 'taken';
  expect(opened.error.code).toBe('invalid-input');
  expect(opened.error.message).toContain('Nothing was set up or changed.');
  return opened.error.message;
}

beforeAll(async () => {
  const recipient = async (): Promise<string> => await identityToRecipient(await generateX25519Identity());
  recoveryRecipients = [await recipient(), await recipient()];
  ({ note, codes } = valueOf(await create()));
  document = provisioningSchema.parse(JSON.parse(note.slice(0, note.lastIndexOf('\n\n'))));
});

describe('a provisioning file', () => {
  it('gives back who uses the computer and who can recover its record', async () => {
    const opened = valueOf(await openProvisioning(utf8(note), organisationKey));
    expect(opened).toEqual({
      organisation: { ...organisation, verifierKey: organisationKey },
      recoveryRecipients,
      users: users.map((user, index) => ({
        ...user,
        recipient: document.users[index]?.enrolment.recipient,
        wrapped: {
          v: 1,
          mode: 'enrolment',
          kdf: { algorithm: 'argon2id', ...weakKdf, salt: expect.any(String) },
          nonce: expect.any(String),
          ciphertext: expect.any(String),
        },
      })),
      sha256: createHash('sha256').update(note).digest('hex'),
      signerExpected: true,
    });
  });

  it('holds a key for each user that only the own one-time code opens', async () => {
    const opened = valueOf(await openProvisioning(utf8(note), organisationKey));
    expect(codes.map(({ userId }) => userId)).toEqual(users.map(({ userId }) => userId));
    const results: string[] = [];
    for (const record of opened.users) {
      for (const { code } of codes) {
        const normalised = valueOf(parseEnrolmentCode(code.toLowerCase()));
        results.push(codeOf(await openEnrolmentKey({ record, code: normalised, kdfFloor: weakKdf })));
      }
    }
    const [yes, no] = ['ok', 'wrong-passphrase'];
    expect(results).toEqual([yes, no, no, no, yes, no, no, no, yes]);
  });

  it('holds none of the codes', () => {
    const letters = note.replace(/[^0-9A-Za-z]/g, '').toUpperCase();
    for (const { code } of codes) expect(letters).not.toContain(code.replaceAll('-', '').slice(0, 20));
  });

  it('without an expected key vouches for itself only, and says so', async () => {
    const opened = valueOf(await openProvisioning(utf8(note), null));
    expect([opened.signerExpected, opened.organisation.verifierKey]).toEqual([false, organisationKey]);
  });

  it('uses full-strength key derivation unless a test asks for less', async () => {
    const made = valueOf(
      await createProvisioning({
        organisation,
        organisationSeed,
        recoveryRecipients,
        users: users.slice(0, 1),
      }),
    );
    expect(made.note).toContain('"memoryKiB": 65536');
  });
});

describe('a provisioning file is refused', () => {
  it('when its signature is not right', async () => {
    const foreign = verifierKeyFor(domain, foreignSeed);
    const messages = [
      await messageOf(note.replace('Ada Admin', 'Eve Admin')),
      await messageOf(note.replace('Ada Admin', 'Eve Admin'), null),
      await messageOf(note.slice(0, -20)),
      await messageOf(note.slice(0, note.lastIndexOf('\n\n') + 1)),
      await messageOf(note, foreign),
      await messageOf(sign(document, domain, foreignSeed)),
      await messageOf(sign(document, domain, foreignSeed), null),
      await messageOf(sign(document, domain, foreignSeed), foreign),
      await messageOf(sign(document, 'other.example')),
      await messageOf(note, 'x'),
      await messageOf(''),
      await messageOf('', null),
      await messageOf(Buffer.from(note, 'utf16le')),
      await messageOf(sign({ ...document, organisation }), null),
    ];
    expect(messages).toEqual([
      expect.stringContaining('was changed after it was signed'),
      expect.stringContaining('was changed after it was signed'),
      expect.stringContaining('not a signed provisioning file'),
      expect.stringContaining('not a signed provisioning file'),
      expect.stringContaining('not signed by the organisation'),
      expect.stringContaining('not signed by the organisation'),
      expect.stringContaining('not signed by the organisation'),
      expect.stringContaining('names another key than the one that signed it'),
      expect.stringContaining('not signed by the organisation'),
      expect.stringContaining('public key of the organisation on this computer is not a usable key'),
      expect.stringContaining('not a signed provisioning file'),
      expect.stringContaining('not a signed provisioning file'),
      expect.stringContaining('not a signed provisioning file'),
      expect.stringContaining('not a signed provisioning file'),
    ]);
  });

  it('when it is larger than 4 MiB', async () => {
    const spaces = ' '.repeat(maximumProvisioningBytes);
    expect(await messageOf(sign(`{${spaces}}`))).toContain('larger than 4 MiB');
  });

  it('when it is not JSON, or two readers could read it differently', async () => {
    const twice = JSON.stringify(document).replace('"role":"auditor"', '"role":"auditor","role":"it-admin"');
    expect([await messageOf(sign('Ada, it-admin')), await messageOf(sign(twice))]).toEqual([
      expect.stringContaining('cannot be read (it is not JSON)'),
      expect.stringContaining('cannot be read (a member stands twice'),
    ]);
  });

  it.each<[string, (file: ProvisioningDocument) => unknown, string]>([
    ['another format', (file) => ({ ...file, v: 2 }), '(v)'],
    ['an unknown member', (file) => ({ ...file, comment: 'x' }), '(the document)'],
    ['no organisation', (file) => ({ ...file, organisation: undefined }), '(organisation)'],
    [
      'a name with a line break',
      (file) => ({ ...file, organisation: { ...file.organisation, name: 'A\nB' } }),
      '(organisation.name)',
    ],
    [
      'a domain that is none',
      (file) => ({ ...file, organisation: { ...file.organisation, domain: 'Clinic' } }),
      '(organisation.domain)',
    ],
    [
      'a key of another domain',
      (file) => ({ ...file, organisation: { ...file.organisation, domain: 'other.example' } }),
      'belongs to another domain',
    ],
    ['no recovery key', (file) => ({ ...file, recoveryRecipients: [] }), '(recoveryRecipients)'],
    [
      'one recovery key, whose loss would be the loss of the record',
      (file) => ({ ...file, recoveryRecipients: file.recoveryRecipients.slice(1) }),
      '(recoveryRecipients)',
    ],
    [
      '21 recovery keys',
      (file) => ({ ...file, recoveryRecipients: Array(21).fill(file.recoveryRecipients[0]) }),
      '(recoveryRecipients)',
    ],
    [
      'a recovery key twice',
      (file) => ({ ...file, recoveryRecipients: Array(2).fill(file.recoveryRecipients[0]) }),
      'public key stands twice',
    ],
    [
      'a recovery key that is none',
      (file) => ({ ...file, recoveryRecipients: ['age1x'] }),
      '(recoveryRecipients.0)',
    ],
    [
      'a recovery key with a wrong character',
      (file) => ({ ...file, recoveryRecipients: [file.recoveryRecipients[0], `age1${'q'.repeat(58)}`] }),
      'public key in the provisioning file cannot be used',
    ],
    ['no user', (file) => ({ ...file, users: [] }), '(users)'],
    ['a user twice', (file) => ({ ...file, users: [file.users[0], file.users[0]] }), 'same id'],
    ['two users of one name', (file) => changeUser(file, 1, { displayName: 'ada ADMIN' }), 'same name'],
    [
      'two users with one key',
      (file) => changeUser(file, 1, { enrolment: file.users[0]?.enrolment }),
      'public key stands twice',
    ],
    [
      'a user with a recovery key',
      (file) => changeEnrolment(file, { recipient: file.recoveryRecipients[0] }),
      'public key stands twice',
    ],
    [
      'a user whose key is none',
      (file) => changeEnrolment(file, { recipient: `age1${'q'.repeat(58)}` }),
      'public key in the provisioning file cannot be used',
    ],
    ['a user without a name', (file) => changeUser(file, 0, { displayName: '' }), '(users.0.displayName)'],
    [
      'a user whose name begins with a space',
      (file) => changeUser(file, 0, { displayName: ' Ada' }),
      '(users.0.displayName)',
    ],
    [
      'a user whose name runs backwards',
      (file) => changeUser(file, 0, { displayName: 'Ada \u202enimdA' }),
      '(users.0.displayName)',
    ],
    ['a user whose id is none', (file) => changeUser(file, 0, { userId: '1' }), '(users.0.userId)'],
    ['a sole practitioner', (file) => changeUser(file, 0, { role: 'sole-practitioner' }), '(users.0.role)'],
    ['a user with a passphrase', (file) => changeUser(file, 0, { passphrase: 'x' }), '(users.0)'],
    [
      'a wrapped key of another mode',
      (file) => changeEnrolment(file, { mode: 'passphrase-only' }),
      '(users.0.enrolment)',
    ],
    [
      'a wrapped key that is cut off',
      (file) => changeEnrolment(file, { ciphertext: 'AAAA' }),
      '(users.0.enrolment.ciphertext)',
    ],
    [
      'a nonce that is too short',
      (file) => changeEnrolment(file, { nonce: 'AAAA' }),
      '(users.0.enrolment.nonce)',
    ],
    [
      'key derivation that eats the memory',
      (file) => changeEnrolment(file, { kdf: { ...file.users[0]?.enrolment.kdf, memoryKiB: 2 ** 30 } }),
      '(users.0.enrolment.kdf.memoryKiB)',
    ],
  ])('with %s', async (_, change, sentence) => {
    expect(await messageOf(sign(change(document)))).toContain(sentence);
  });

  it('without repeating what stands in it', async () => {
    const message = await messageOf(sign({ ...document, 'Jane Doe': 1, users: 'geheim' }));
    expect(message).not.toMatch(/Jane|geheim/);
  });

  it('whatever byte of it is changed', async () => {
    const whole = utf8(note);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.byteLength - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (index, difference) => {
          const changed = Buffer.from(whole);
          changed.writeUInt8(changed.readUInt8(index) ^ difference, index);
          const opened = [
            await openProvisioning(changed, organisationKey),
            await openProvisioning(changed, null),
          ];
          expect(opened.map(({ ok }) => ok)).toEqual([false, false]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('whatever it is, without throwing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.uint8Array(), async (value, bytes) => {
        const text = JSON.stringify(value);
        expect(await messageOf(bytes, null)).not.toBe('taken');
        // A signed note holds no control character but the newline.
        // oxlint-disable-next-line no-control-regex
        if (!/[\u0000-\u001f\u007f]/.test(text)) expect(await messageOf(sign(text))).not.toBe('taken');
      }),
    );
  });
});

describe('a list of users that no computer would take is not signed', () => {
  it.each<[string, () => Partial<Parameters<typeof createProvisioning>[0]>, string]>([
    ['a user twice', () => ({ users: [users[0], users[0]] }), 'same id'],
    [
      'two users of one name',
      () => ({ users: [users[0], { ...users[1], displayName: 'Ada Admin' }] }),
      'same name',
    ],
    ['nobody', () => ({ users: [] }), '(users)'],
    [
      'a recovery key twice',
      () => ({ recoveryRecipients: [recoveryRecipients[0], recoveryRecipients[0]] }),
      'stands twice',
    ],
    [
      'a domain that is none',
      () => ({ organisation: { ...organisation, domain: 'Example Clinic' } }),
      '(organisation.domain)',
    ],
    [
      'a domain in capitals',
      () => ({ organisation: { ...organisation, domain: 'CLINIC.example' } }),
      '(organisation.domain)',
    ],
    [
      'one recovery key only',
      () => ({ recoveryRecipients: recoveryRecipients.slice(1) }),
      '(recoveryRecipients)',
    ],
    [
      'an unusable recovery key',
      () => ({ recoveryRecipients: [recoveryRecipients[0], `age1${'q'.repeat(58)}`] }),
      'cannot be used',
    ],
  ])('%s', async (_, changed, sentence) => {
    expect(await create(changed())).toEqual({
      ok: false,
      error: { code: 'invalid-input', message: expect.stringContaining(sentence) },
    });
  });
});

it('the golden example opens with its codes', async () => {
  const golden = readFileSync(join(import.meta.dirname, 'golden', 'provisioning.note'));
  const opened = valueOf(await openProvisioning(golden, organisationKey));
  const [administrator, clinician] = opened.users;
  if (administrator === undefined || clinician === undefined) throw new Error('the example has two users');
  expect([opened.organisation.name, administrator.displayName, clinician.displayName]).toEqual([
    'Example Clinic',
    'Ada Admin',
    'Cleo Clinician',
  ]);
  const open = async (record: typeof administrator, code: string) =>
    codeOf(await openEnrolmentKey({ record, code: valueOf(parseEnrolmentCode(code)) }));
  expect([
    await open(administrator, 'N2VC-EGS6-QMA5-9Z64-0E1E-1J'),
    await open(clinician, '5JBS-4PS7-0EFS-S4PS-FG2M-8C'),
    await open(clinician, 'N2VC-EGS6-QMA5-9Z64-0E1E-1J'),
  ]).toEqual(['ok', 'ok', 'wrong-passphrase']);
});

function changeUser(file: ProvisioningDocument, index: number, changed: Record<string, unknown>): unknown {
  return { ...file, users: file.users.map((user, at) => (at === index ? { ...user, ...changed } : user)) };
}

function changeEnrolment(file: ProvisioningDocument, changed: Record<string, unknown>): unknown {
  return changeUser(file, 0, { enrolment: { ...file.users[0]?.enrolment, ...changed } });
}
