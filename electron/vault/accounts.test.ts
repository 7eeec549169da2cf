import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { userIdSchema } from '../shared/ids.ts';
import { totpCode, totpStep } from './accounts/totp.ts';
import { createRecoveryIdentity } from './keys/recovery-key.ts';
import { createProvisioning } from './policy/provisioning.ts';
import {
  administratorPassphrase,
  clinicianPassphrase,
  organisationSeed,
  writePolicyTo,
} from './vault-fixture.ts';
import { useVaultHome } from './vault-home-fixture.ts';

const newPassphrase = 'lantern orbit mustard willow seven';

const home = useVaultHome();
const { value, failure, signIn, signOut, restart, idOf, logged, leafOf } = home;
let recovery: readonly string[];

const setUp = async (): Promise<void> => {
  recovery = await home.setUp();
};
function appShows(key: string): string {
  const secret = Buffer.from(Secret.fromBase32(key.replaceAll(' ', '')).buffer);
  return totpCode(secret, totpStep(Date.now()));
}
const writePolicy = (settings: Record<string, unknown>, version = 1): void => {
  writePolicyTo(home.folder, settings, version);
};

describe('an account that IT adds', () => {
  it('opens with its code once, then with the passphrase that the person chose', async () => {
    await setUp();
    await signIn('it-admin');
    const { userId, code } = await value('accounts.add', { displayName: 'Ada Auditor', role: 'auditor' });
    await signOut();

    expect(await signIn('auditor', code.toLowerCase().replaceAll('-', ' '))).toEqual({
      next: 'choose-passphrase',
      because: 'enrolment',
    });
    expect(
      await failure('log.list', { before: null, limit: 1, userId: null, type: null, patientReference: null }),
    ).toBe('not-signed-in');
    expect(await failure('session.choosePassphrase', { passphrase: 'auditor1234' })).toBe(
      'passphrase-too-weak',
    );
    expect(await value('session.choosePassphrase', { passphrase: newPassphrase })).toMatchObject({
      next: 'signed-in',
      user: { userId, role: 'auditor' },
    });
    await signOut();
    expect(await failure('session.signIn', { userId, passphrase: code })).toBe('wrong-passphrase');
    expect(await signIn('auditor', newPassphrase)).toMatchObject({ next: 'signed-in' });
    expect(await logged()).toEqual(
      expect.arrayContaining([
        'user.created',
        'user.code-issued',
        'user.passphrase-set',
        'session.sign-in-failed',
      ]),
    );
  });

  it('AC-02: leaves its id behind when it is switched off: nobody gets it again, whatever the name', async () => {
    await setUp();
    await signIn('it-admin');
    const person = { displayName: 'Sam Same', role: 'clinician' } as const;
    const ids: string[] = [];
    for (let time = 0; time < 3; time += 1) {
      const { userId } = await value('accounts.add', person);
      ids.push(userId);
      expect(await failure('accounts.disable', { userId })).toBe('none');
      await restart();
      await signIn('it-admin');
    }
    const { accounts } = await value('accounts.list', {});
    expect(new Set(ids).size).toBe(3);
    // Each stays in the key file for good, and a key file with an id twice is refused (keys/installation.test.ts).
    for (const id of ids)
      expect(accounts.filter(({ userId }) => userId === id)).toMatchObject([{ state: 'disabled' }]);
  });

  it('AC-02: has an id of its own also under a name that another has, and keeps it when renamed', async () => {
    await setUp();
    await signIn('it-admin');
    const first = await value('accounts.add', { displayName: 'Sam Same', role: 'clinician' });
    const second = await value('accounts.add', { displayName: 'Sam Same', role: 'clinician' });
    await value('accounts.rename', { userId: first.userId, displayName: 'Sam Other' });
    const { accounts } = await value('accounts.list', {});
    expect(first.userId).not.toBe(second.userId);
    expect(accounts.find(({ userId }) => userId === first.userId)?.displayName).toBe('Sam Other');
  });

  it('is no sole practitioner unless the policy allows it', async () => {
    await setUp();
    await signIn('it-admin');
    const person = { displayName: 'Solo Marsh', role: 'sole-practitioner' } as const;
    expect(await failure('accounts.add', person)).toBe('not-allowed');
    writePolicy({ solePractitioner: true });
    await signOut();
    await signIn('it-admin');
    expect(await failure('accounts.add', person)).toBe('none');
  });
});

describe('a forgotten passphrase', () => {
  it('is replaced with a second person: a code from IT, the old one opens nothing', async () => {
    await setUp();
    await signIn('it-admin');
    const clinician = await idOf('clinician');
    expect(await failure('accounts.issueCode', { userId: await idOf('it-admin') })).toBe('not-allowed');
    const { code } = await value('accounts.issueCode', { userId: clinician });
    await signOut();
    expect(await failure('session.signIn', { userId: clinician, passphrase: clinicianPassphrase })).toBe(
      'wrong-passphrase',
    );
    await signIn('clinician', code);
    expect(await value('session.choosePassphrase', { passphrase: newPassphrase })).toMatchObject({
      next: 'signed-in',
    });
  });

  it('of the only administrator is replaced with a recovery key, which clinicians cannot use', async () => {
    await setUp();
    const [identity = ''] = recovery;
    const administrator = await idOf('it-admin');
    expect(await failure('session.recover', { userId: await idOf('clinician'), identity })).toBe(
      'not-allowed',
    );
    const stranger = await createRecoveryIdentity();
    expect(await failure('session.recover', { userId: administrator, identity: stranger.identity })).toBe(
      'recovery-wrong-key',
    );
    expect(await value('session.recover', { userId: administrator, identity })).toEqual({
      next: 'choose-passphrase',
      because: 'recovery',
    });
    await value('session.choosePassphrase', { passphrase: newPassphrase });
    expect(await logged()).toEqual(expect.arrayContaining(['recovery.used', 'user.passphrase-set']));
    await signOut();
    expect(await signIn('it-admin', newPassphrase)).toMatchObject({ next: 'signed-in' });
    await signOut();
    expect(await signIn('clinician')).toMatchObject({ next: 'signed-in' });
  });

  it('can be demanded anew by IT', async () => {
    await setUp();
    await signIn('it-admin');
    await value('accounts.forceNewPassphrase', { userId: await idOf('clinician') });
    await signOut();
    expect(await signIn('clinician')).toEqual({ next: 'choose-passphrase', because: 'forced' });
    await value('session.choosePassphrase', { passphrase: newPassphrase });
    await signOut();
    expect(await signIn('clinician', newPassphrase)).toMatchObject({ next: 'signed-in' });
  });
});

describe('the own passphrase', () => {
  it('is changed with the current one, and only to a strong one', async () => {
    await setUp();
    await signIn('clinician');
    const change = (current: string, passphrase: string) =>
      failure('account.changePassphrase', { current, passphrase });
    expect([
      await change('not the passphrase', newPassphrase),
      await change(clinicianPassphrase, 'password1234'),
      await change(clinicianPassphrase, newPassphrase),
    ]).toEqual(['wrong-passphrase', 'passphrase-too-weak', 'none']);
    await signOut();
    expect(await signIn('clinician', newPassphrase)).toMatchObject({ next: 'signed-in' });
  });
});

describe('AC-10: a second factor', () => {
  it('is asked for after the passphrase, and nothing is open before it was right', async () => {
    await setUp();
    await signIn('clinician');
    const { key } = await value('account.startSecondFactor', {});
    const { codes } = await value('account.confirmSecondFactor', { code: appShows(key) });
    await signOut();
    expect(await signIn('clinician')).toEqual({ next: 'second-factor', kind: 'totp' });
    expect(await failure('workspace.getDraft', {})).toBe('not-signed-in');
    expect(await failure('session.giveSecondFactor', { code: '000000' })).toBe('second-factor-wrong');
    expect(await value('session.giveSecondFactor', { code: codes[0] ?? '' })).toMatchObject({
      next: 'signed-in',
    });
    expect((await value('account.get', {})).secondFactor?.recoveryCodesLeft).toBe(9);
    expect(await logged()).toEqual(
      expect.arrayContaining(['session.sign-in-failed', 'second-factor.code-used', 'second-factor.enrolled']),
    );
  });

  it('is asked for also when the last free guess at the passphrase was the right one', async () => {
    await setUp();
    await signIn('clinician');
    const { key } = await value('account.startSecondFactor', {});
    const { codes } = await value('account.confirmSecondFactor', { code: appShows(key) });
    writePolicy({ signInFreeAttempts: 3, signInLockoutAfter: 3, signInLockoutMinutes: 5 });
    await signOut();
    const userId = await idOf('clinician');
    for (const passphrase of ['wrong', 'wrong again'])
      expect(await failure('session.signIn', { userId, passphrase })).toBe('wrong-passphrase');
    expect(await signIn('clinician')).toEqual({ next: 'second-factor', kind: 'totp' });
    expect(await value('session.giveSecondFactor', { code: codes[0] ?? '' })).toMatchObject({
      next: 'signed-in',
    });
  });

  it('locks out whoever knows the passphrase and guesses it: a right passphrase forgives nothing', async () => {
    await setUp();
    await signIn('clinician');
    const { key } = await value('account.startSecondFactor', {});
    await value('account.confirmSecondFactor', { code: appShows(key) });
    writePolicy({ signInFreeAttempts: 3, signInLockoutAfter: 3, signInLockoutMinutes: 5 });
    await signOut();
    for (let guess = 0; guess < 3; guess += 1) {
      expect(await signIn('clinician')).toEqual({ next: 'second-factor', kind: 'totp' });
      expect(await failure('session.giveSecondFactor', { code: '000000' })).toBe('second-factor-wrong');
      await restart();
    }
    const userId = await idOf('clinician');
    expect(await failure('session.signIn', { userId, passphrase: clinicianPassphrase })).toBe(
      'sign-in-delayed',
    );
  });

  it('is set up at the next sign-in where the policy wants it, and cannot be removed then', async () => {
    await setUp();
    writePolicy({ secondFactor: 'required' });
    await restart();
    const step = await signIn('clinician');
    if (step.next !== 'enrol-second-factor') throw new Error(step.next);
    const kept = await value('session.giveSecondFactor', { code: appShows(step.key) });
    expect(kept.next === 'keep-recovery-codes' ? kept.codes.length : 0).toBe(10);
    expect(await value('session.continue', {})).toMatchObject({ next: 'signed-in' });
    expect(await failure('account.removeSecondFactor', { code: '123456' })).toBe('not-allowed');
  });

  it('is removed by another administrator for somebody who lost the phone', async () => {
    await setUp();
    await signIn('clinician');
    const { key } = await value('account.startSecondFactor', {});
    await value('account.confirmSecondFactor', { code: appShows(key) });
    await signOut();
    await signIn('it-admin');
    const clinician = await idOf('clinician');
    await value('accounts.removeSecondFactor', { userId: clinician });
    await signOut();
    expect(await signIn('clinician')).toMatchObject({ next: 'signed-in' });
  });
});

describe('AC-10: wrong passphrases', () => {
  it('make the account wait over a restart, are recorded without what was typed, and IT lifts the wait', async () => {
    await setUp();
    const clinician = await idOf('clinician');
    const typed = 'MyOldSecretPassphrase!';
    // A wait that outlasts the derivations on a slow machine.
    writePolicy({ signInLockoutAfter: 4, signInLockoutMinutes: 5 });
    await restart();
    const codes = [];
    for (let n = 0; n < 5; n += 1) {
      codes.push(await failure('session.signIn', { userId: clinician, passphrase: typed }));
      await restart();
    }
    expect(codes).toEqual([...Array<string>(4).fill('wrong-passphrase'), 'sign-in-delayed']);
    await signIn('it-admin');
    const { accounts } = await value('accounts.list', {});
    expect(accounts.find(({ userId }) => userId === clinician)).toMatchObject({ failures: 4, waiting: true });
    expect((await logged()).filter((type) => type === 'session.sign-in-failed')).toHaveLength(5);
    const { data, outcome } = await leafOf('session.sign-in-failed');
    expect([data['user'], data['reason'], data['observed'] === null, outcome]).toEqual([
      clinician,
      'locked-out',
      false,
      'refused',
    ]);
    await value('accounts.clearAttempts', { userId: clinician });
    await signOut();
    expect(await signIn('clinician')).toMatchObject({ next: 'signed-in' });
    const state = readFileSync(join(home.folder, 'data', 'attempts.json'), 'utf8');
    expect(state.includes(typed)).toBe(false);
  });

  it('are refused in each odd shape with a sentence, and nothing is lost', async () => {
    await setUp();
    writePolicy({ signInFreeAttempts: 5, signInLockoutAfter: 20 });
    await restart();
    const userId = await idOf('clinician');
    for (const passphrase of ['', 'x'.repeat(10_000), '\u{1f600}\u{1f680}', 'half a pair \ud83d'])
      expect(await failure('session.signIn', { userId, passphrase })).toBe('wrong-passphrase');
    expect(await signIn('clinician')).toMatchObject({ next: 'signed-in' });
    await signOut();
    await signIn('it-admin');
    expect((await logged()).filter((type) => type === 'session.sign-in-failed')).toHaveLength(4);
  });

  it('are refused where they are chosen, and emoji are taken', async () => {
    await setUp();
    await signIn('clinician');
    const emoji =
      '\u{1f984}\u{1f427}\u{1f995}\u{1f33b}\u{1f9c0}'.repeat(2) +
      '\u{1f3bb}\u{1f9ea}\u{1f6f6}\u{1f9ed}\u{1f3af}\u{1f680}';
    const change = (passphrase: string) =>
      failure('account.changePassphrase', { current: clinicianPassphrase, passphrase });
    expect([await change(''), await change('x1!y'.repeat(2500)), await change(emoji)]).toEqual([
      'passphrase-too-weak',
      'passphrase-too-weak',
      'none',
    ]);
    await signOut();
    expect(await signIn('clinician', emoji)).toMatchObject({ next: 'signed-in' });
  });
});

describe('an account that is switched off', () => {
  it('opens for nobody, the record gets a new key, and everybody else goes on', async () => {
    await setUp();
    await signIn('it-admin');
    const { userId, code } = await value('accounts.add', { displayName: 'Ada Auditor', role: 'auditor' });
    const before = readFileSync(join(home.folder, 'data', 'keyring.json'));
    expect(await failure('accounts.disable', { userId: await idOf('it-admin') })).toBe('not-allowed');
    expect(await failure('accounts.disable', { userId })).toBe('none');
    expect(home.posted.at(-1)).toMatchObject({ kind: 'session-ended', because: 'keys-changed' });
    await restart();

    expect(await failure('session.signIn', { userId, passphrase: code })).toBe('not-allowed');
    expect(await signIn('clinician')).toMatchObject({ next: 'signed-in' });
    await signOut();
    await signIn('it-admin');
    expect(await value('log.verify', {})).toMatchObject({ consistent: true });
    expect(await logged()).toEqual(expect.arrayContaining(['user.disabled', 'key.rotated']));
    await signOut();
    // Whoever kept the old key file opens nothing with it.
    writeFileSync(join(home.folder, 'data', 'keyring.json'), before);
    await restart();
    expect(await failure('session.signIn', { userId, passphrase: code })).not.toBe('none');
  });

  it('is switched on again with a code', async () => {
    await setUp();
    await signIn('it-admin');
    const clinician = await idOf('clinician');
    await failure('accounts.disable', { userId: clinician });
    await restart();
    await signIn('it-admin');
    const { code } = await value('accounts.issueCode', { userId: clinician });
    await signOut();
    expect(await signIn('clinician', code)).toMatchObject({ next: 'choose-passphrase' });
  });
});

describe('two changes of accounts at once', () => {
  it('both hold: neither brings the other account back as it was', async () => {
    await setUp();
    await signIn('it-admin');
    const clinician = await idOf('clinician');
    const other = await value('accounts.add', { displayName: 'Ben Bright', role: 'clinician' });
    const [first, second] = await Promise.all([
      value('accounts.issueCode', { userId: clinician }),
      value('accounts.issueCode', { userId: other.userId }),
    ]);
    await signOut();
    expect(await failure('session.signIn', { userId: clinician, passphrase: clinicianPassphrase })).toBe(
      'wrong-passphrase',
    );
    expect(await failure('session.signIn', { userId: clinician, passphrase: first.code })).toBe('none');
    await value('session.cancelSignIn', {});
    await restart();
    expect(await failure('session.signIn', { userId: other.userId, passphrase: second.code })).toBe('none');
  });
});

describe('an answer that a crash cut off', () => {
  it('stays the record of the person who asked, whoever signs in next', async () => {
    await setUp();
    await signIn('it-admin');
    const { userId, code } = await value('accounts.add', { displayName: 'Ben Bright', role: 'clinician' });
    await signOut();
    await signIn('clinician');
    const clinician = await idOf('clinician');
    const { turnId } = await value('chat.sendPrompt', {
      patientReference: 'SYN-7',
      taskId: 'soap-note',
      sourceText: 'A made-up visit.',
      question: '',
      regenerates: null,
    });
    home.model.say({ kind: 'delta', turnId, text: 'Shown to one person.' });
    // Killed: nothing is closed.
    const killed = home.vault;
    await home.startAnother('vault-crashed');
    await value('session.signIn', { userId, passphrase: code });
    await value('session.choosePassphrase', { passphrase: newPassphrase });
    expect(await logged()).not.toContain('response.aborted');
    await signOut();
    await signIn('clinician');
    const filter = { before: null, limit: 200, userId: null, type: null, patientReference: null };
    const { rows } = await value('log.list', filter);
    expect(rows.find(({ type }) => type === 'response.aborted')?.actorId).toBe(clinician);
    killed.stop();
  });
});

describe('AC-03: emergency access', () => {
  const prompt = {
    patientReference: 'SYN-7',
    taskId: 'soap-note',
    sourceText: 'A made-up visit.',
    question: '',
    regenerates: null,
  } as const;
  const list = (patientReference: string | null) =>
    value('log.list', { before: null, limit: 100, userId: null, type: null, patientReference });

  /** One clinician has recorded something; another is signed in. */
  async function asAnotherClinician(): Promise<number> {
    await setUp();
    await signIn('clinician');
    const { entry } = await value('chat.sendPrompt', prompt);
    await signOut();
    await signIn('it-admin');
    const { userId, code } = await value('accounts.add', { displayName: 'Ben Bright', role: 'clinician' });
    await signOut();
    await value('session.signIn', { userId, passphrase: code });
    await value('session.choosePassphrase', { passphrase: newPassphrase });
    return entry;
  }

  it('opens what another clinician recorded about one patient, with a reason that is recorded first', async () => {
    const entry = await asAnotherClinician();
    expect((await list('SYN-7')).rows.map((row) => row.type)).toEqual(['log.viewed']);
    expect(await failure('log.open', { entry: entry as never })).toBe('record-not-found');
    expect(await failure('log.breakGlass', { patientReference: 'SYN-7', reason: 'short' })).toBe(
      'invalid-input',
    );
    const opened = await value('log.breakGlass', {
      patientReference: 'syn-7',
      reason: 'Patient collapsed in the waiting room.',
    });
    expect(opened.entries).toBeGreaterThan(0);
    expect((await list('SYN-7')).rows.map((row) => row.entry)).toContain(entry);
    const record = await value('log.open', { entry: entry as never });
    expect(record.payloads.find(({ field }) => field === 'prompt')?.text).toContain('A made-up visit.');
    const glass = await value('log.open', { entry: opened.entry });
    expect([glass.row.outcome, glass.payloads[0]?.text]).toEqual([
      'attention',
      'Patient collapsed in the waiting room.',
    ]);
  });

  it('ends with the session, and a patient nobody recorded is recorded all the same', async () => {
    const entry = await asAnotherClinician();
    const reason = 'Looking for the last visit.';
    expect(await failure('log.breakGlass', { patientReference: 'SYN-404', reason })).toBe('record-not-found');
    await value('log.breakGlass', { patientReference: 'SYN-7', reason });
    await signOut();
    const { users } = await value('app.getState', {});
    const userId = userIdSchema.parse(users.find((user) => user.displayName === 'Ben Bright')?.userId);
    await value('session.signIn', { userId, passphrase: newPassphrase });
    expect(await failure('log.open', { entry: entry as never })).toBe('record-not-found');
    expect((await logged()).filter((type) => type === 'record.break-glass')).toHaveLength(2);
  });

  it('is not needed where the policy shows the team its records, text included', async () => {
    const entry = await asAnotherClinician();
    writePolicy({ recordVisibility: 'team' });
    await signOut();
    const { users } = await value('app.getState', {});
    const userId = userIdSchema.parse(users.find((user) => user.displayName === 'Ben Bright')?.userId);
    await value('session.signIn', { userId, passphrase: newPassphrase });
    expect((await list('SYN-7')).rows.map((row) => row.entry)).toContain(entry);
    expect((await list(null)).rows.every((row) => row.patientReference !== null)).toBe(true);
    const record = await value('log.open', { entry: entry as never });
    expect(record.payloads.find(({ field }) => field === 'prompt')?.text).toContain('A made-up visit.');
    expect(await logged()).not.toContain('record.break-glass');
  });
});

describe('the policy', () => {
  it('is recorded when it changes, and an old one that is put back is found out', async () => {
    await setUp();
    writePolicy({ idleLockMinutes: 5 }, 2);
    await restart();
    await signIn('it-admin');
    expect((await value('policy.get', {})).version).toBe(2);
    expect(await logged()).toContain('policy.applied');
    writePolicy({ idleLockMinutes: 30 }, 1);
    await signOut();
    expect((await value('app.getState', {})).policy.idleLockMinutes).toBe(30);
    // At its strictest the policy wants a second factor, which this administrator sets up now.
    const step = await signIn('it-admin');
    if (step.next !== 'enrol-second-factor') throw new Error(step.next);
    await value('session.giveSecondFactor', { code: appShows(step.key) });
    await value('session.continue', {});
    const view = await value('policy.get', {});
    expect([
      view.problem?.includes('older'),
      view.settings.every(({ source }) => source === 'strictest'),
    ]).toEqual([true, true]);
    expect(await leafOf('policy.applied')).toMatchObject({
      outcome: 'attention',
      data: { problem: 'policy-rolled-back' },
    });
  });

  it('is at its strictest when somebody changed it, and the screen says so', async () => {
    await setUp();
    writePolicy({ idleLockMinutes: 30 });
    const path = join(home.folder, 'policy', 'policy.note');
    writeFileSync(path, readFileSync(path, 'utf8').replace('30', '29'));
    await restart();
    const { policy } = await value('app.getState', {});
    expect([policy.idleLockMinutes, policy.secondFactorRequired, policy.problem === null]).toEqual([
      1,
      true,
      false,
    ]);
  });
});

describe('a computer that IT prepared', () => {
  it('is set up from the signed file; everybody begins with a code', async () => {
    const { recipient, identity } = await createRecoveryIdentity();
    const people = [
      {
        userId: userIdSchema.parse(crypto.randomUUID()),
        displayName: 'Ivy Admin',
        role: 'it-admin' as const,
      },
      {
        userId: userIdSchema.parse(crypto.randomUUID()),
        displayName: 'Cleo Clinician',
        role: 'clinician' as const,
      },
    ];
    const made = await createProvisioning({
      organisation: { name: 'Example Clinic', domain: 'clinic.example' },
      organisationSeed,
      recoveryRecipients: [recipient, (await createRecoveryIdentity()).recipient],
      users: people,
    });
    if (!made.ok) throw new Error(made.error.message);
    writePolicy({ idleLockMinutes: 5 });
    writeFileSync(join(home.folder, 'policy', 'provisioning.note'), made.value.note, { mode: 0o644 });
    await restart();
    expect((await value('app.getState', {})).provisioning).toEqual({
      organisation: 'Example Clinic',
      people: 2,
      recoveryKeys: 2,
    });
    await value('setup.enrol', {});
    const code = made.value.codes.find(({ userId }) => userId === people[0]?.userId)?.code ?? '';
    expect(await signIn('it-admin', code)).toMatchObject({ next: 'choose-passphrase' });
    await value('session.choosePassphrase', { passphrase: newPassphrase });
    expect((await value('recovery.drill', { identity })).left).toBe(1);
    expect(await logged()).toEqual(expect.arrayContaining(['organisation.enrolled', 'recovery.proven']));
    // Without its policy an enrolled computer is at its strictest.
    rmSync(join(home.folder, 'policy'), { recursive: true });
    await signOut();
    expect((await value('app.getState', {})).policy.problem).toContain('missing');
    expect(await failure('setup.enrol', {})).toBe('already-set-up');
  });
});

describe('a sign-in that is half done', () => {
  it('is forgotten when it is cancelled, and blocks no other', async () => {
    await setUp();
    await signIn('it-admin');
    const { userId, code } = await value('accounts.add', { displayName: 'Ada Auditor', role: 'auditor' });
    await signOut();
    await value('session.signIn', { userId, passphrase: code });
    expect(await failure('session.signIn', { userId, passphrase: code })).toBe('invalid-input');
    await value('session.cancelSignIn', {});
    expect(home.posted.at(-1)).toMatchObject({ kind: 'session-ended' });
    await restart();
    expect(await signIn('it-admin', administratorPassphrase)).toMatchObject({ next: 'signed-in' });
    // The passphrase was right, so the record tells of it; and of the session that ended with the app.
    const sessions = async () => (await logged()).filter((type) => type.startsWith('session.'));
    expect((await sessions()).slice(0, 3)).toEqual([
      'session.signed-in',
      'session.sign-in-failed',
      'session.signed-out',
    ]);
    await restart();
    await signIn('it-admin');
    expect((await sessions()).slice(0, 2)).toEqual(['session.signed-in', 'session.signed-out']);
  });
});
