import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RequestInput } from '../shared/contract.ts';
import { entrySchema, userIdSchema } from '../shared/ids.ts';
import { runVerifier } from './log/bundle-fixture.ts';
import { leafEnvelopeSchema } from './log/leaf.ts';
import { localDay } from './log/log-index.ts';
import { administratorPassphrase, clinicianPassphrase, writePolicyTo } from './vault-fixture.ts';
import { useVaultHome } from './vault-home-fixture.ts';

const home = useVaultHome();
let target: string;

beforeEach(() => {
  target = join(home.folder, 'target');
  mkdirSync(target);
});

function exportTo(
  path: string,
  clinicalText: 'withheld' | 'included' = 'withheld',
  selection: RequestInput<'log.export'>['selection'] = { by: 'everything' },
  recipients: readonly string[] = [],
) {
  const fileGrant = randomUUID();
  home.vault.grantFile(fileGrant, path, 'audit-bundle');
  return home.page.ask('log.export', { clinicalText, selection, recipients: [...recipients], fileGrant });
}

/** A clinician opens a document about each of two patients; then an auditor is signed in, who reads text. */
async function asAuditorAfterTwoPatients(): Promise<string> {
  await home.setUp();
  await home.signIn('it-admin');
  const { code } = await home.value('accounts.add', {
    displayName: 'Ada Auditor',
    role: 'auditor',
  });
  writePolicyTo(home.folder, { auditorReadsText: true });
  await home.restart();
  await home.signIn('clinician');
  for (const patientReference of ['SYN-1', 'SYN-2'])
    await home.value('source.recordOpened', {
      patientReference,
      fileName: 'visit.txt',
      text: `A made-up visit of ${patientReference}.`,
    });
  const { user } = await home.value('app.getState', {});
  await home.restart();
  await home.signIn('auditor', code);
  await home.value('session.choosePassphrase', {
    passphrase: 'lantern orbit mustard willow seven',
  });
  if (user === null) throw new Error('a clinician was signed in');
  return user.userId;
}

function factsOf(path: string): unknown {
  return JSON.parse(runVerifier(path, '--json').out);
}

async function outcomesOf(type: 'log.exported' | 'log.verified'): Promise<readonly string[]> {
  const filter = { patientReference: null, before: null, limit: 200, userId: null, type };
  const { rows } = await home.value('log.list', filter);
  return rows.map(({ outcome }) => outcome);
}

describe('an export', () => {
  it('by IT holds no clinical text, whatever is asked for', async () => {
    await home.setUp();
    await home.signIn('it-admin');
    const path = join(target, 'bundle.zip');
    expect(await exportTo(path, 'included')).toMatchObject({ ok: false, error: { code: 'not-allowed' } });
    expect(existsSync(path)).toBe(false);
    expect(await exportTo(path)).toMatchObject({ ok: true, value: { clinicalText: 'withheld' } });
    expect(runVerifier(path).exitCode).toBe(0);
  });

  it('by an auditor holds the text where the policy gives it, and nowhere else', async () => {
    await home.setUp();
    await home.signIn('it-admin');
    const { code } = await home.value('accounts.add', {
      displayName: 'Ada Auditor',
      role: 'auditor',
    });
    await home.restart();
    await home.signIn('auditor', code);
    const passphrase = 'lantern orbit mustard willow seven';
    await home.value('session.choosePassphrase', { passphrase });
    const path = join(target, 'bundle.zip');
    expect(await exportTo(path, 'included')).toMatchObject({ ok: false, error: { code: 'not-allowed' } });
    writePolicyTo(home.folder, { auditorReadsText: true });
    await home.restart();
    await home.signIn('auditor', passphrase);
    expect(await exportTo(path, 'included')).toMatchObject({ ok: true });
    expect(runVerifier(path).out).toContain('texts match their commitments');
  });

  it('that fails is recorded as failed, and leaves nothing behind', async () => {
    await home.setUp();
    await home.signIn('it-admin');
    expect(await exportTo(join(target, 'gone', 'bundle.zip'))).toMatchObject({
      ok: false,
      error: { code: 'export-failed' },
    });
    expect(await outcomesOf('log.exported')).toEqual(['failed', 'success']);
    expect(readdirSync(target)).toEqual([]);
  });

  it('and a check are done one at a time, and the second is told so', async () => {
    await home.setUp();
    await home.signIn('it-admin');
    const [first, second, third] = await Promise.all([
      home.page.ask('log.verify', {}),
      home.page.ask('log.verify', {}),
      exportTo(join(target, 'bundle.zip')),
    ]);
    expect([first.ok, second.ok, third.ok]).toEqual([true, false, false]);
    expect(readdirSync(target)).toEqual([]);
    expect(await exportTo(join(target, 'bundle.zip'))).toMatchObject({ ok: true });
    expect([await outcomesOf('log.verified'), await outcomesOf('log.exported')]).toEqual([
      ['success'],
      ['success'],
    ]);
  });

  it('that a lock cuts off takes what it wrote along', async () => {
    await home.setUp();
    await home.signIn('it-admin');
    void exportTo(join(target, 'bundle.zip'));
    await home.value('session.lock', {});
    expect(readdirSync(target).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('an export that is stopped', () => {
  it('leaves no file, and the record says that it was begun and stopped', async () => {
    await home.setUp();
    await home.signIn('it-admin');
    const [exported] = await Promise.all([
      exportTo(join(target, 'bundle.zip')),
      home.page.ask('log.cancelExport', {}),
    ]);
    expect(exported).toMatchObject({
      ok: false,
      error: { code: 'cancelled', message: expect.stringContaining('Nothing was left behind') },
    });
    expect(await outcomesOf('log.exported')).toEqual(['stopped', 'success']);
    expect(readdirSync(target)).toEqual([]);
    expect(await exportTo(join(target, 'bundle.zip'))).toMatchObject({ ok: true });
  });

  it('when none is running is nothing, and stops no later one', async () => {
    await home.setUp();
    await home.signIn('it-admin');
    expect(await home.page.ask('log.cancelExport', {})).toMatchObject({ ok: true });
    expect(await exportTo(join(target, 'bundle.zip'))).toMatchObject({ ok: true });
  });
});

describe('an encrypted export', () => {
  const path = (): string => join(target, 'bundle.zip.age');
  beforeEach(async () => {
    await home.setUp();
    await home.signIn('it-admin');
  });

  it('is for its recipients, whose hashes stand in the record', async () => {
    const identity = await generateX25519Identity();
    const recipient = await identityToRecipient(identity);
    const whole = { by: 'everything' } as const;
    expect(await exportTo(path(), 'withheld', whole, [` ${recipient}\n`, recipient])).toMatchObject({
      ok: true,
      value: { encrypted: true, fileName: 'bundle.zip.age' },
    });
    expect(readdirSync(target)).toEqual(['bundle.zip.age']);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const plain = join(target, 'plain.zip');
    writeFileSync(plain, await decrypter.decrypt(readFileSync(path())));
    expect(factsOf(plain)).toMatchObject({ ok: true, kind: 'full' });
    const hash = createHash('sha256').update(recipient).digest('hex');
    expect(readFileSync(plain).includes(`"recipients":["${hash}"]`)).toBe(true);
  });

  it('refuses a bad recipient by its place and never repeats it, and takes no name for the other kind of file', async () => {
    const good = await identityToRecipient(await generateX25519Identity());
    const secret = await generateX25519Identity();
    const whole = { by: 'everything' } as const;
    const messageOf = async (file: string, recipients: readonly string[]): Promise<string> => {
      const answer = await exportTo(file, 'withheld', whole, recipients);
      return answer.ok ? 'exported' : answer.error.message;
    };
    expect(await messageOf(path(), ['ssh-ed25519 AAAA'])).toMatch(
      /^The recipient is not a public key of age/,
    );
    const mistyped = good.slice(0, -1) + (good.endsWith('q') ? 'p' : 'q');
    expect(await messageOf(path(), [good, mistyped])).toMatch(/^Recipient 2 is not/);
    const said = await messageOf(path(), [secret.toLowerCase()]);
    expect(said).toMatch(/^The recipient is a secret key/);
    expect(said).not.toContain(secret.slice(20, 30));
    expect(await messageOf(join(target, 'bundle.zip'), [good])).toMatch(/ends in \.age/);
    expect(await messageOf(path(), [])).toMatch(/ends in \.age/);
    expect(readdirSync(target)).toEqual([]);
    expect(await outcomesOf('log.exported')).toEqual([]);
  });
});

describe('an extract', () => {
  const path = (): string => join(target, 'extract.zip');

  it('about a patient holds what is recorded about this one, its own export included, and nothing of another', async () => {
    await asAuditorAfterTwoPatients();
    expect(await exportTo(path(), 'included', { by: 'patient', patientReference: 'syn-1' })).toMatchObject({
      ok: true,
      value: { records: 2, clinicalText: 'included' },
    });
    expect(factsOf(path())).toMatchObject({ ok: true, kind: 'extract', records: 2, payloads: 2 });
    const bytes = readFileSync(path());
    expect(['visit of SYN-1', 'visit of SYN-2'].map((text) => bytes.includes(text))).toEqual([true, false]);
    expect(bytes.includes('"event":"log.exported"')).toBe(true);
  });

  it('is of a user, of days, or of a range of entries', async () => {
    const userId = userIdSchema.parse(await asAuditorAfterTwoPatients());
    const day = localDay(Date.now());
    const [from, to] = [1, 3].map((entry) => entrySchema.parse(entry));
    if (from === undefined || to === undefined) throw new Error('two');
    expect(await exportTo(path(), 'withheld', { by: 'user', userId })).toMatchObject({ ok: true });
    expect(factsOf(path())).toMatchObject({ kind: 'extract', selection: { by: 'user', user: userId } });
    expect(await exportTo(path(), 'withheld', { by: 'entries', from, to })).toMatchObject({ ok: true });
    expect(factsOf(path())).toMatchObject({ kind: 'extract', records: 3 });
    const answer = await exportTo(path(), 'withheld', { by: 'days', from: day, to: day });
    expect(answer).toMatchObject({ ok: true });
    expect(factsOf(path())).toMatchObject({ kind: 'extract', selection: { by: 'time' } });
  });

  it('of what there is not is refused with a sentence, and nothing is written', async () => {
    await asAuditorAfterTwoPatients();
    const selections = [
      { by: 'patient', patientReference: 'SYN-3' },
      { by: 'user', userId: userIdSchema.parse(randomUUID()) },
      { by: 'days', from: '2001-01-01', to: '2001-12-31' },
      { by: 'days', from: '2027-01-02', to: '2026-01-01' },
      { by: 'entries', from: entrySchema.parse(3), to: entrySchema.parse(2) },
      { by: 'entries', from: entrySchema.parse(0), to: entrySchema.parse(4000) },
    ] as const;
    for (const selection of selections)
      expect(await exportTo(path(), 'withheld', selection)).toMatchObject({
        ok: false,
        error: { message: expect.stringContaining('Nothing was written') },
      });
    expect(readdirSync(target)).toEqual([]);
    expect(await outcomesOf('log.exported')).toEqual([]);
  });

  it('about a patient is not for IT, who is told no patients; of a user it is, without text', async () => {
    await home.setUp();
    const user = await home.signIn('it-admin');
    expect(user).toMatchObject({ next: 'signed-in' });
    expect(await exportTo(path(), 'withheld', { by: 'patient', patientReference: 'SYN-1' })).toMatchObject({
      ok: false,
      error: { code: 'not-allowed' },
    });
    const state = await home.value('app.getState', {});
    const userId = userIdSchema.parse(state.user?.userId);
    const selection = { by: 'user', userId } as const;
    expect(await exportTo(path(), 'included', selection)).toMatchObject({ error: { code: 'not-allowed' } });
    expect(readdirSync(target)).toEqual([]);
    expect(await exportTo(path(), 'withheld', selection)).toMatchObject({ ok: true });
    expect(factsOf(path())).toMatchObject({ kind: 'extract', payloads: null });
  });

  it('stands in the record with what was selected, on the patient whom it is about', async () => {
    await asAuditorAfterTwoPatients();
    await exportTo(path(), 'withheld', { by: 'patient', patientReference: 'SYN-2' });
    const filter = {
      patientReference: 'SYN-2',
      before: null,
      limit: 9,
      userId: null,
      type: 'log.exported',
    } as const;
    const { rows } = await home.value('log.list', filter);
    const [row] = rows;
    if (row === undefined) throw new Error('there is one');
    const { leafJson } = await home.value('log.open', { entry: row.entry });
    const leaf = leafEnvelopeSchema.parse(JSON.parse(leafJson));
    expect(leaf.data).toMatchObject({ selection: { by: 'patient', patient: leaf.patient }, recipients: [] });
  });
});

describe('set-up', () => {
  const people = {
    organisationName: 'Example Clinic',
    organisationDomain: 'clinic.example',
    administrator: { displayName: 'Ivy Admin', passphrase: administratorPassphrase },
    clinician: { displayName: 'Cleo Clinician', passphrase: clinicianPassphrase },
    acceptSingleRecipient: true,
  };
  async function proveOne(): Promise<void> {
    const { identity } = await home.value('setup.createRecoveryKey', {});
    await home.value('setup.proveRecoveryKey', { identity });
  }

  it('that is asked for twice at once happens once, and leaves one record', async () => {
    await proveOne();
    const answers = await Promise.all([
      home.page.ask('setup.complete', people),
      home.page.ask('setup.complete', people),
    ]);
    expect(answers.map((answer) => (answer.ok ? 'done' : answer.error.code))).toEqual([
      'done',
      'already-set-up',
    ]);
    expect(readdirSync(join(home.folder, 'data')).filter((name) => name.includes('setup'))).toEqual([]);
    expect(await home.signIn('it-admin')).toMatchObject({ next: 'signed-in' });
  });

  it('needs a keychain where the policy requires it; an older installation goes on and says so', async () => {
    writePolicyTo(home.folder, { deviceBinding: 'required' });
    await home.restart();
    await proveOne();
    expect(await home.page.ask('setup.complete', people)).toMatchObject({
      ok: false,
      error: { code: 'keychain-required', message: expect.stringContaining('Nothing was set up') },
    });
    expect(existsSync(join(home.folder, 'data', 'keyring.json'))).toBe(false);

    writePolicyTo(home.folder, {}, 2);
    await home.restart();
    await home.setUp();
    writePolicyTo(home.folder, { deviceBinding: 'required' }, 3);
    await home.restart();
    await home.signIn('it-admin');
    const { notices } = await home.value('app.getState', {});
    expect(notices).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('the passphrase alone guards') }),
    );
  });
});
