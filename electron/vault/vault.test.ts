import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { appStateSchema, contract, type RequestName } from '../shared/contract.ts';
import { entrySchema, turnIdSchema, userIdSchema } from '../shared/ids.ts';
import { leafEnvelopeSchema } from './log/leaf.ts';
import { administratorPassphrase, clinicianPassphrase } from './vault-fixture.ts';
import { playModel, report } from './played-model-fixture.ts';
import { useVaultHome } from './vault-home-fixture.ts';

const home = useVaultHome();
const { value, failure, setUp, signIn, logged } = home;

const prompt = {
  patientReference: 'SYN-1',
  taskId: 'soap-note',
  sourceText: 'A made-up visit with a CANARYWORD.',
  question: '',
  regenerates: null,
} as const;

describe('first run', () => {
  it('is complete only with proven recovery keys and long passphrases, and happens once', async () => {
    const people = {
      organisationName: 'Example Clinic',
      organisationDomain: 'clinic.example',
      administrator: { displayName: 'Ivy Admin', passphrase: administratorPassphrase },
      clinician: { displayName: 'Cleo Clinician', passphrase: clinicianPassphrase },
    };
    expect(await failure('setup.complete', { ...people, acceptSingleRecipient: false })).toBe(
      'recovery-not-proven',
    );
    const { identity } = await value('setup.createRecoveryKey', {});
    expect(await failure('setup.complete', { ...people, acceptSingleRecipient: true })).toBe(
      'recovery-not-proven',
    );
    await value('setup.proveRecoveryKey', { identity: identity.toLowerCase() });
    expect(await failure('setup.complete', { ...people, acceptSingleRecipient: false })).toBe(
      'recovery-not-proven',
    );
    const short = { displayName: 'Cleo Clinician', passphrase: 'too short' };
    expect(
      await failure('setup.complete', { ...people, clinician: short, acceptSingleRecipient: true }),
    ).toBe('passphrase-too-weak');
    expect(existsSync(join(home.folder, 'data', 'cloister.db'))).toBe(false);
    await value('setup.complete', { ...people, acceptSingleRecipient: true });
    expect(await failure('setup.complete', { ...people, acceptSingleRecipient: true })).toBe(
      'already-set-up',
    );
    const state = appStateSchema.parse(await value('app.getState', {}));
    expect([state.phase, state.organisation, state.users.map((user) => user.role)]).toEqual([
      'signed-out',
      'Example Clinic',
      ['it-admin', 'clinician'],
    ]);
  });

  it('refuses a recovery key that is not one of those listed', async () => {
    await value('setup.createRecoveryKey', {});
    const { identity, recipient } = await value('setup.createRecoveryKey', {});
    await value('setup.removeRecoveryRecipient', { recipient });
    expect(await failure('setup.proveRecoveryKey', { identity })).toBe('recovery-wrong-key');
    expect(await failure('setup.proveRecoveryKey', { identity: 'not a key' })).not.toBe('none');
  });
});

describe('roles', () => {
  it('answers nobody who has not signed in, for each request that needs a role', async () => {
    for (const [name, row] of Object.entries(contract)) {
      if ((row.roles as readonly string[]).includes('none')) continue;
      expect([name, await failure(name as RequestName, {} as never)]).toEqual([name, 'not-signed-in']);
    }
  });

  it('cuts off a page that sends anything but frames', async () => {
    await home.page.send('nonsense');
    expect(home.page.isClosed()).toBe(true);
  });
});

describe('an interaction', () => {
  beforeEach(async () => {
    await setUp();
    await signIn('clinician');
  });

  it('commits the intent before the model hears it, and the outcome before it counts as ended', async () => {
    const { turnId, entry } = await value('chat.sendPrompt', prompt);
    const asked = home.model.heard.at(-1);
    expect(asked?.kind === 'generate' ? [asked.turnId, asked.user.includes('CANARYWORD')] : null).toEqual([
      turnId,
      true,
    ]);
    home.model.say({ kind: 'delta', turnId, text: 'Subjective\n' });
    home.model.say({ kind: 'delta', turnId, text: 'Cough.' });
    expect(await failure('note.accept', { turnId, finalText: 'x' })).toBe('turn-not-finished');
    expect(await failure('clipboard.recordCopy', { turnId, text: 'x' })).toBe('turn-not-finished');
    home.model.say({ kind: 'ended', turnId, reason: 'end-of-answer', report });
    const deltas = home.page.events.filter((event) => event.event === 'turn.delta');
    expect(deltas.map((event) => [event.seq, event.text])).toEqual([
      [0, 'Subjective\n'],
      [1, 'Cough.'],
    ]);
    const ended = home.page.events.find((event) => event.event === 'turn.ended');
    expect([ended?.end.outcome, ended?.end.entry]).toEqual(['completed', entry + 1]);
    const record = await value('log.open', { entry: ended?.end.entry ?? entry });
    expect([record.counterpart, record.inclusion.proven, record.payloads]).toEqual([
      entry,
      true,
      [{ field: 'response', text: 'Subjective\nCough.', withheld: null, matchesCommitment: true }],
    ]);
  });

  it('AC-06: stores prompt and response, times, requestor, device, model, parameters, destination and outcome', async () => {
    const startedAt = Date.now();
    const { turnId, entry } = await value('chat.sendPrompt', prompt);
    home.model.say({ kind: 'delta', turnId, text: 'Cough.' });
    home.model.say({ kind: 'ended', turnId, reason: 'end-of-answer', report });
    const { users } = await value('app.getState', {});
    const clinician = users.find(({ role }) => role === 'clinician');
    const asked = await value('log.open', { entry });
    const answered = await value('log.open', { entry: entrySchema.parse(entry + 1) });
    const leaf = leafEnvelopeSchema.parse(JSON.parse(asked.leafJson));
    expect(leaf).toMatchObject({
      event: 'prompt.submitted',
      actor: { id: clinician?.userId, role: 'clinician' },
      session: expect.stringMatching(/^[0-9a-f-]{36}$/),
      device: expect.stringMatching(/^[0-9a-f-]{36}$/),
      patient: expect.stringMatching(/^[0-9a-f]{32}$/),
      outcome: 'success',
      texts: { prompt: expect.any(String), system: expect.any(String) },
      data: {
        turn: turnId,
        model: expect.stringMatching(/^[0-9a-f]{64}$/),
        sampler: { temperature: expect.any(Number), seed: expect.any(Number), topK: expect.any(Number) },
        template: { id: 'soap-note', version: expect.any(Number) },
        contextTokens: expect.any(Number),
        destination: 'local',
      },
    });
    expect(Math.abs(Date.parse(leaf.at) - startedAt)).toBeLessThan(120_000);
    expect(leafEnvelopeSchema.parse(JSON.parse(answered.leafJson))).toMatchObject({
      event: 'response.completed',
      outcome: 'success',
      data: { turn: turnId, intent: entry, answerTokens: report.answerTokens },
    });
    expect(asked.payloads.find(({ field }) => field === 'prompt')?.text).toContain('CANARYWORD');
    expect(answered.payloads.map(({ text }) => text)).toEqual(['Cough.']);
  });

  it('stores an accepted note as a diff against the draft', async () => {
    const { turnId } = await value('chat.sendPrompt', prompt);
    home.model.say({ kind: 'delta', turnId, text: 'Cough.\n' });
    home.model.say({ kind: 'ended', turnId, reason: 'end-of-answer', report });
    const accepted = await value('note.accept', { turnId, finalText: 'Cough.\nRest.\n' });
    const record = await value('log.open', { entry: accepted.entry });
    expect(record.payloads[0]?.text).toContain('+Rest.');
    expect([accepted.insertedCharacters, accepted.deletedCharacters]).toEqual([6, 0]);
  });

  it('refuses a source that does not fit, by how much, and records that', async () => {
    const { turnId } = await value('chat.sendPrompt', prompt);
    home.model.say({
      kind: 'refused',
      turnId,
      promptTokens: 3000,
      contextTokens: 2048,
      reservedAnswerTokens: 256,
      overByTokens: 1208,
    });
    const ended = home.page.events.find((event) => event.event === 'turn.ended');
    expect([ended?.end.outcome, ended?.end.error?.code]).toEqual(['refused', 'does-not-fit']);
    expect(ended?.end.error?.message).toContain(
      'by about 3 of its 6 words (1208 of 3000 text units; there is room for 1792)',
    );
    expect((await logged()).slice(0, 2)).toEqual(['log.viewed', 'response.refused']);
  });

  it('says and records that the model does not come back when it ended too often', async () => {
    home.model.die();
    home.vault.inferenceEnded({ exitCode: 9, replaced: false });
    const { model: status } = await value('app.getState', {});
    expect([status.state, status.state === 'failed' ? status.error.code : '']).toEqual([
      'failed',
      'model-stopped',
    ]);
    expect(await failure('chat.sendPrompt', prompt)).toBe('model-not-ready');
    await value('session.signOut', {});
    await home.startAnother('launch');
    await signIn('it-admin');
    expect(await logged()).toEqual(expect.arrayContaining(['model.refused', 'process.ended']));
  });

  it('keeps everything shown when the model process dies in the middle', async () => {
    const { turnId } = await value('chat.sendPrompt', prompt);
    home.model.say({ kind: 'delta', turnId, text: 'Shown before the crash.' });
    home.model.die();
    home.vault.inferenceEnded({ exitCode: 9, replaced: true });
    const ended = home.page.events.find((event) => event.event === 'turn.ended');
    expect([ended?.end.outcome, ended?.end.reason]).toEqual(['aborted', 'engine-stopped']);
    expect((await value('chat.reread', { turnId })).text).toBe('Shown before the crash.');
    expect(await failure('chat.sendPrompt', prompt)).toBe('model-not-ready');
    playModel(home.vault);
    await value('chat.sendPrompt', prompt);
  });

  it('closes the intent of a vault that was killed, at the next sign-in, with everything shown', async () => {
    const { turnId } = await value('chat.sendPrompt', prompt);
    home.model.say({ kind: 'delta', turnId, text: 'Shown before ' });
    home.model.say({ kind: 'delta', turnId, text: 'the kill.' });
    // A killed process closes nothing: a second vault opens the same folder, as after a restart.
    const killed = home.vault;
    await home.startAnother('vault-crashed');
    await signIn('clinician');
    const again = await value('chat.reread', { turnId });
    expect([again.text, again.end?.outcome, again.end?.reason]).toEqual([
      'Shown before the kill.',
      'aborted',
      'restart',
    ]);
    const state = await value('app.getState', {});
    expect(state.notices.map((notice) => notice.message)).toEqual([
      expect.stringContaining('recorded as unfinished'),
    ]);
    killed.stop();
  });

  it('ends a running answer at lock, records it, and hands main the end of the session', async () => {
    await value('chat.sendPrompt', prompt);
    await value('session.lock', {});
    expect(home.posted.at(-1)).toMatchObject({
      kind: 'session-ended',
      because: 'locked',
      lockReason: 'by-hand',
    });
    expect(await failure('chat.sendPrompt', prompt)).toBe('not-signed-in');
    await home.startAnother('launch');
    await signIn('clinician');
    expect(await logged()).toEqual(
      expect.arrayContaining(['session.locked', 'response.aborted', 'prompt.submitted']),
    );
  });

  it('ends at a lock that meets a sign-in, and tells main that this is no crash', async () => {
    await value('session.lock', {});
    await home.startAnother('launch');
    const userId = await home.idOf('clinician');
    const signingIn = value('session.signIn', { userId, passphrase: clinicianPassphrase });
    home.vault.lock('suspend');
    expect(home.posted.at(-1)).toEqual({
      kind: 'session-ended',
      because: 'signed-out',
      userId: null,
      lockReason: null,
    });
    await signingIn;
  });

  it('takes made-up patients only in a development build', async () => {
    expect(await failure('chat.sendPrompt', { ...prompt, patientReference: '12345' })).toBe(
      'synthetic-patients-only',
    );
    expect(home.model.heard.filter((message) => message.kind === 'generate')).toEqual([]);
  });

  it('writes nothing from an empty source, and records nothing of it', async () => {
    const before = (await logged()).length;
    expect(await failure('chat.sendPrompt', { ...prompt, sourceText: ' \n' })).toBe('invalid-input');
    expect([home.model.heard.filter(({ kind }) => kind === 'generate'), (await logged()).length]).toEqual([
      [],
      before,
    ]);
  });

  it('refuses text that has no UTF-8 of its own', async () => {
    expect(await failure('chat.sendPrompt', { ...prompt, sourceText: 'half a pair \ud83d' })).toBe(
      'invalid-input',
    );
  });

  it('shows a clinician the own records only, and IT no clinical text', async () => {
    const { entry } = await value('chat.sendPrompt', prompt);
    expect(await failure('log.open', { entry: 0 as never })).toBe('record-not-found');
    await value('session.signOut', {});
    await home.startAnother('launch');
    await signIn('it-admin');
    const record = await value('log.open', { entry });
    expect(record.payloads.map((payload) => [payload.field, payload.text, payload.withheld])).toEqual([
      ['prompt', null, 'role'],
      ['system', null, 'role'],
    ]);
    expect(record.row.patientReference).toBeNull();
    expect(await failure('chat.sendPrompt', prompt)).toBe('not-allowed');
    expect(await failure('chat.reread', { turnId: turnIdSchema.parse(randomUUID()) })).toBe('not-allowed');
  });

  it('leaves no word of the source in any file of the data folder', async () => {
    const { turnId } = await value('chat.sendPrompt', prompt);
    home.model.say({ kind: 'delta', turnId, text: 'ANSWERCANARY' });
    home.model.say({ kind: 'ended', turnId, reason: 'end-of-answer', report });
    const entries = readdirSync(join(home.folder, 'data'), { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    expect(files).toEqual(expect.arrayContaining(['cloister.db', 'cloister.db-wal', 'keyring.json']));
    for (const file of files) {
      const bytes = readFileSync(join(home.folder, 'data', file));
      expect([file, bytes.includes('CANARY')]).toEqual([file, false]);
    }
  });
});

describe('signing in', () => {
  it('refuses a wrong passphrase and goes on', async () => {
    await setUp();
    const { users } = await value('app.getState', {});
    const userId = userIdSchema.parse(users[0]?.userId);
    expect(await failure('session.signIn', { userId, passphrase: 'wrong passphrase!' })).toBe(
      'wrong-passphrase',
    );
    await signIn('it-admin');
  });

  it.each([
    ['cloister.db', 'database-damaged'],
    ['keyring.json', 'keyring-damaged'],
  ])('refuses a damaged %s without touching it', async (file, code) => {
    await setUp();
    const path = join(home.folder, 'data', file);
    const damaged = readFileSync(path);
    damaged.fill(0x5a, 100, 3000);
    writeFileSync(path, damaged);
    home.vault.stop();
    await home.startAnother('launch');
    const state = await value('app.getState', {});
    const userId = state.users[0]?.userId ?? userIdSchema.parse(randomUUID());
    const seen =
      state.problem?.code ??
      (await failure('session.signIn', { userId, passphrase: administratorPassphrase }));
    expect(seen).toBe(code);
    expect(readFileSync(path).equals(damaged)).toBe(true);
  });
});
