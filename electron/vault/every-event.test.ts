import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from 'otpauth';
import { beforeEach, expect, it } from 'vitest';
import { logEventTypeSchema, type LogEventType } from '../shared/log-event-types.ts';
import { totpCode, totpStep } from './accounts/totp.ts';
import { playModel, report } from './played-model-fixture.ts';
import { writePolicyTo } from './vault-fixture.ts';
import { useVaultHome } from './vault-home-fixture.ts';

const here = 'every-event.test.ts';
/** The test that looks at the leaf which the feature itself records; null: its feature does not exist yet. */
const lookedAtIn: Readonly<Record<LogEventType, string | null>> = {
  'log.created': here,
  'log.continued': 'backup/backup.test.ts',
  'log.key-rotated': 'rotate-keys.test.ts',
  'recovery.proven': 'accounts.test.ts',
  'recovery.used': 'accounts.test.ts',
  'user.created': 'accounts.test.ts',
  'user.renamed': here,
  'user.disabled': 'accounts.test.ts',
  'user.code-issued': 'accounts.test.ts',
  'user.passphrase-set': 'accounts.test.ts',
  'user.passphrase-forced': here,
  'second-factor.enrolled': 'accounts.test.ts',
  'second-factor.removed': here,
  'second-factor.code-used': 'accounts.test.ts',
  'attempts.cleared': here,
  'session.signed-in': here,
  'session.signed-out': here,
  'session.locked': 'vault.test.ts',
  'session.sign-in-failed': 'accounts.test.ts',
  'session.locked-out': here,
  'command.signed-in': '../cli/ask-app.test.ts',
  'command.signed-out': '../cli/ask-app.test.ts',
  'model.loaded': here,
  'model.refused': 'vault.test.ts',
  'document.opened': here,
  'prompt.submitted': 'vault.test.ts',
  'response.completed': 'vault.test.ts',
  'response.aborted': 'vault.test.ts',
  'response.refused': 'vault.test.ts',
  'response.failed': here,
  'clipboard.copied': here,
  'note.accepted': here,
  'record.break-glass': 'accounts.test.ts',
  'record.corrected': 'corrections.test.ts',
  'document.printed': null,
  'answer.reported': null,
  'source.evaluated': here,
  'source.evaluation-ended': 'drafts.test.ts',
  'answer.replayed': 'drafts.test.ts',
  'model.imported': 'model-imports.test.ts',
  'model.chosen': 'model-imports.test.ts',
  'model.removed': 'model-imports.test.ts',
  'disclosure.made': null,
  'baa.changed': null,
  'log.viewed': here,
  'log.searched': 'examining.test.ts',
  'record.reviewed': here,
  'log.verified': 'export.test.ts',
  'log.exported': 'export.test.ts',
  'retention.applied': 'retention/retention.test.ts',
  'backup.made': 'backup/backup.test.ts',
  'installation.decommissioned': 'decommission/decommission.test.ts',
  'log.anchored': 'anchoring.test.ts',
  'log.anchor-failed': 'anchoring.test.ts',
  'log.anchor-mismatch': 'anchoring.test.ts',
  'log.spooled': 'spooling.test.ts',
  'log.spool-failed': 'spooling.test.ts',
  'organisation.enrolled': 'accounts.test.ts',
  'policy.applied': 'accounts.test.ts',
  'policy.problem': here,
  'keyring.refused': 'bad-input.test.ts',
  'key.rotated': 'accounts.test.ts',
  'journal.folded': here,
  'clock.jumped-back': 'log/audit-log.test.ts',
  'process.ended': here,
  'network.blocked': 'model-downloads.test.ts',
};

const home = useVaultHome();
const { value, signIn, signOut, restart, idOf, leafOf } = home;

beforeEach(async () => {
  await home.setUp();
});

const cannotWrite = { code: 'internal', message: 'The model stopped.' };

it('each event has a test that looks at its leaf', () => {
  const forgotten = logEventTypeSchema.options.filter((type) => {
    const file = lookedAtIn[type];
    return file !== null && !readFileSync(join(import.meta.dirname, file), 'utf8').includes(`'${type}`);
  });
  expect(forgotten).toEqual([]);
});

it('what IT does with an account names the account, and never what the person is called', async () => {
  await signIn('clinician');
  const { key } = await value('account.startSecondFactor', {});
  const secret = Buffer.from(Secret.fromBase32(key.replaceAll(' ', '')).buffer);
  await value('account.confirmSecondFactor', { code: totpCode(secret, totpStep(Date.now())) });
  await signOut();
  await signIn('it-admin');
  const user = await idOf('clinician');
  const administrator = { id: await idOf('it-admin'), role: 'it-admin' };
  await value('accounts.rename', { userId: user, displayName: 'Cleo Newname' });
  await value('accounts.forceNewPassphrase', { userId: user });
  await value('accounts.removeSecondFactor', { userId: user });
  await value('accounts.clearAttempts', { userId: user });
  const common = { actor: administrator, patient: null, outcome: 'success' };
  const renamed = await leafOf('user.renamed');
  expect(renamed).toMatchObject({ ...common, data: { user } });
  expect(Object.keys(renamed.texts)).toEqual(['displayName']);
  expect(await leafOf('user.passphrase-forced')).toMatchObject({ ...common, data: { user }, texts: {} });
  expect(await leafOf('second-factor.removed')).toMatchObject({ ...common, data: { user, kind: 'totp' } });
  expect(await leafOf('attempts.cleared')).toMatchObject({ ...common, data: { user }, texts: {} });
  expect(JSON.stringify(renamed)).not.toContain('Newname');
});

it('what happens while nobody is signed in stands in the record from the next sign-in on', async () => {
  const user = await idOf('clinician');
  writePolicyTo(home.folder, { signInFreeAttempts: 3, signInLockoutAfter: 3, signInLockoutMinutes: 5 });
  for (let guess = 0; guess < 3; guess += 1) {
    await restart();
    await home.failure('session.signIn', { userId: user, passphrase: 'not this one' });
  }
  writeFileSync(join(home.folder, 'policy', 'policy.note'), 'no policy');
  await restart();
  writePolicyTo(home.folder, {}, 2);
  await restart();
  await signIn('it-admin');
  const system = { id: null, role: 'system' };
  const observed = { at: expect.any(String), bootId: expect.any(String) };
  expect(await leafOf('session.locked-out')).toMatchObject({
    actor: system,
    outcome: 'attention',
    data: { user, observed },
  });
  expect(await leafOf('policy.problem')).toMatchObject({
    actor: system,
    outcome: 'attention',
    data: { code: expect.stringMatching(/^[a-z-]+$/), observed },
  });
  const folded = await leafOf('journal.folded');
  expect(folded).toMatchObject({ actor: system, outcome: 'success', data: { dropped: 0, problem: null } });
  // Each event of the journal is an entry of its own, just before the one that counts them.
  const filter = { before: folded.entry, limit: 200, userId: null, type: null, patientReference: null };
  const before = (await value('log.list', filter)).rows.slice(0, Number(folded.data['events']));
  for (const { entry } of before) {
    const { leafJson } = await value('log.open', { entry });
    expect(JSON.parse(leafJson)).toMatchObject({ actor: system, data: { observed } });
  }
  expect(before.filter(({ type }) => type === 'session.sign-in-failed')).toHaveLength(3);
});

it('what a clinician does at the desk is about the patient, its words are commitments', async () => {
  await signIn('clinician');
  const actor = { id: await idOf('clinician'), role: 'clinician' };
  const patientReference = 'SYN-1';
  const sourceText = 'A made-up visit because of vertigo. '.repeat(30);
  await value('source.recordOpened', { patientReference, fileName: 'vertigo.txt', text: sourceText });
  await value('source.prepare', { patientReference, sourceText });
  const asked = {
    patientReference,
    taskId: 'soap-note',
    sourceText,
    question: '',
    regenerates: null,
  } as const;
  const { turnId } = await value('chat.sendPrompt', asked);
  home.model.say({ kind: 'delta', turnId, text: 'Vertigo.' });
  home.model.say({ kind: 'ended', turnId, reason: 'end-of-answer', report });
  await value('clipboard.recordCopy', { turnId, text: 'Vertigo.' });
  await value('note.accept', { turnId, finalText: 'Vertigo, since Monday.' });
  const second = await value('chat.sendPrompt', { ...asked, taskId: 'visit-summary' });
  home.model.say({ kind: 'delta', turnId: second.turnId, text: 'Vert' });
  home.model.say({ kind: 'failed', turnId: second.turnId, error: cannotWrite });
  await signOut();
  await signIn('it-admin');

  const { patient } = await leafOf('prompt.submitted');
  const common = { actor, patient, outcome: 'success' };
  expect(patient).not.toBeNull();
  const opened = await leafOf('document.opened');
  expect(opened).toMatchObject({
    ...common,
    data: { sizeBytes: sourceText.length, characters: sourceText.length },
  });
  const evaluated = await leafOf('source.evaluated');
  expect(evaluated).toMatchObject({
    ...common,
    data: { modelId: 'scripted', source: { characters: sourceText.length, from: 0, to: sourceText.length } },
  });
  const copied = await leafOf('clipboard.copied');
  expect(copied).toMatchObject({ ...common, data: { turn: turnId, characters: 8 } });
  const accepted = await leafOf('note.accepted');
  expect(accepted).toMatchObject({
    ...common,
    data: { turn: turnId, insertedCharacters: 14, deletedCharacters: 0 },
  });
  const failed = await leafOf('response.failed');
  expect(failed).toMatchObject({ patient, outcome: 'failed' });
  expect([opened, evaluated, copied, accepted, failed].map(({ texts }) => Object.keys(texts))).toEqual([
    ['content', 'fileName'],
    ['content', 'system'],
    ['copied'],
    ['diff'],
    ['response'],
  ]);
  for (const leaf of [opened, evaluated, copied, accepted, failed]) {
    expect(JSON.stringify(leaf).toLowerCase()).not.toContain('vertigo');
    for (const commitment of Object.values(leaf.texts)) expect(commitment).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(await leafOf('model.loaded')).toMatchObject({
    actor: { id: null, role: 'system' },
    data: { modelId: 'scripted', threads: 2, tokensPerSecondMilli: 12_500, llamaCpp: 'b1' },
  });
});

it('a model that is loaded while somebody is signed in is recorded too: which one answers, and with what', async () => {
  await signIn('clinician');
  const before = (await value('app.getState', {})).logSize ?? 0;
  // The process of the model has ended, and another one has loaded it.
  playModel(home.vault);
  expect((await value('app.getState', {})).logSize).toBe(before + 1);
  await signOut();
  await signIn('it-admin');
  const filter = {
    before: null,
    limit: 20,
    userId: null,
    type: 'model.loaded',
    patientReference: null,
  } as const;
  expect((await value('log.list', filter)).rows.map(({ entry }) => entry)).toContain(before);
});

it('what is read, reviewed, begun and ended is in the record by its own name', async () => {
  await signIn('it-admin');
  const actor = { id: await idOf('it-admin'), role: 'it-admin' };
  const created = await leafOf('log.created');
  expect(created).toMatchObject({ actor: { id: null, role: 'system' }, data: { epoch: 0 } });
  expect(created.entry).toBe(0);
  const viewed = await leafOf('log.viewed');
  expect(viewed).toMatchObject({ actor, outcome: 'success' });
  await value('log.review', { upTo: viewed.entry, note: 'As it should be.' });
  const reviewed = await leafOf('record.reviewed');
  expect(reviewed).toMatchObject({ actor, data: { from: 0, to: viewed.entry } });
  expect(Object.keys(reviewed.texts)).toEqual(['note']);
  await signOut();
  await signIn('it-admin');
  expect(await leafOf('session.signed-in')).toMatchObject({
    actor,
    data: { deviceBinding: 'passphrase-only', flavour: 'development', startedBecause: 'launch' },
  });
  expect(await leafOf('session.signed-out')).toMatchObject({ actor, outcome: 'success', data: {} });
});

it('a wrong passphrase of somebody who is signed in is recorded like one at the sign-in, and so is the wait', async () => {
  writePolicyTo(home.folder, { signInFreeAttempts: 3, signInLockoutAfter: 3, signInLockoutMinutes: 5 });
  await restart();
  await signIn('it-admin');
  const passphrase = 'lantern orbit mustard willow seven';
  const guesses = [];
  for (let guess = 0; guess < 4; guess += 1)
    guesses.push(await home.failure('account.changePassphrase', { current: `wrong ${guess}`, passphrase }));
  expect(guesses).toEqual([...Array<string>(3).fill('wrong-passphrase'), 'sign-in-delayed']);
  const actor = { id: await idOf('it-admin'), role: 'it-admin' };
  expect(await leafOf('session.locked-out')).toMatchObject({
    actor,
    outcome: 'attention',
    data: { user: actor.id, observed: null },
  });
  const { rows } = await value('log.list', {
    before: null,
    limit: 200,
    userId: null,
    type: null,
    patientReference: null,
  });
  const isOfGuesses = (type: string): boolean => /sign-in-failed|locked-out/.test(type);
  expect(rows.map(({ type }) => type).filter((type) => isOfGuesses(type))).toEqual([
    'session.sign-in-failed',
    'session.locked-out',
    ...Array<string>(3).fill('session.sign-in-failed'),
  ]);
  expect((await leafOf('session.sign-in-failed')).data).toMatchObject({ reason: 'locked-out' });
});
