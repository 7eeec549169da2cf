import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { once } from 'node:events';
import { join } from 'node:path';
import { Secret } from 'otpauth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerCommand, callVault } from '../links/control-channel.ts';
import { controlSocket } from '../links/control-socket.ts';
import { totpCode, totpStep } from '../vault/accounts/totp.ts';
import { createLocalLine } from '../links/network-guard-line.ts';
import { openWritableDatabase } from '../vault/database/open-database.ts';
import { unlockWithRecoveryKey } from '../vault/keys/installation.ts';
import { readKeyring } from '../vault/keys/keyring-file.ts';
import { valueOf } from '../vault/keys/keys-fixture.ts';
import { parseRecoveryIdentity } from '../vault/keys/recovery-key.ts';
import { signEd25519 } from '../vault/log/ed25519.ts';
import { administratorPassphrase, clinicianPassphrase, writePolicyTo } from '../vault/vault-fixture.ts';
import { useVaultHome } from '../vault/vault-home-fixture.ts';
import { cliDeps, givenSecret, jsonAnswer, run, type Run } from './cli-fixture.ts';

/** Commands on the real vault over the real socket; only the page and the model of the vault are played. */
const home = useVaultHome();
let recovery: readonly string[];
let listener: { close(): void } | null = null;
const line = createLocalLine();

beforeEach(async () => {
  recovery = await home.setUp();
  await home.restart();
});
afterEach(() => {
  listener?.close();
  listener = null;
});

const socketPath = (): string => join(home.folder, 'data', controlSocket);
const asks = (words: readonly string[], secret: string): Promise<Run> =>
  run(words, cliDeps(givenSecret(secret), { dataFolder: join(home.folder, 'data') }));
const verify = (secret = administratorPassphrase): Promise<Run> =>
  asks(['log', 'verify', '--as', 'Ivy Admin', '--json'], secret);
/** Newest first: what, and who. */
async function logged(): Promise<string[]> {
  const filter = { before: null, limit: 100, userId: null, type: null, patientReference: null };
  const { rows } = await home.value('log.list', filter);
  return rows.map(({ type, actorName }) => `${type} ${actorName ?? 'Cloister'}`);
}

describe('a command that asks the app', () => {
  it('says that nobody is signed in', async () => {
    expect(jsonAnswer(await verify())).toMatchObject({ problem: { code: 'not-signed-in' } });
  });

  it('checks the record in the name of IT while a clinician works, and both are in the record', async () => {
    await home.signIn('clinician');
    const { exitCode, answer } = await verify();
    expect(exitCode).toBe(0);
    expect(JSON.parse(answer)).toMatchObject({ consistent: true, firstBadEntry: null });
    await home.signOut();
    await home.signIn('it-admin');
    expect((await logged()).filter((line) => /^(?:command|log\.verified|session)/.test(line))).toEqual([
      'session.signed-in Ivy Admin',
      'session.signed-out Cleo Clinician',
      'command.signed-out Ivy Admin',
      'log.verified Ivy Admin',
      'command.signed-in Ivy Admin',
      'session.signed-in Cleo Clinician',
    ]);
  });

  it('says that the record is not whole, which entry is the first that is wrong, and ends with 1', async () => {
    await home.signIn('clinician');
    const data = join(home.folder, 'data');
    const { keyring } = valueOf(readKeyring(data)) ?? {};
    const identity = parseRecoveryIdentity(recovery[0] ?? '');
    if (keyring === undefined || !identity.ok) throw new Error('no key file');
    const { dek } = valueOf(await unlockWithRecoveryKey({ keyring, identity: identity.value }));
    // Somebody with the database key, while the app runs.
    const database = openWritableDatabase(join(data, 'cloister.db'), dek, { mustExist: true });
    database.execute('DROP TRIGGER leaves_no_update');
    database.execute(
      `UPDATE leaves SET leaf = CAST(replace(CAST(leaf AS TEXT), '"seq":3', '"seq":33') AS BLOB) WHERE seq = 3`,
    );
    database.close();
    const { exitCode, answer } = await verify();
    expect(exitCode).toBe(1);
    expect(JSON.parse(answer)).toMatchObject({ consistent: false, firstBadEntry: 3 });
    const inWords = await asks(['log', 'verify', '--as', 'Ivy Admin'], administratorPassphrase);
    expect([inWords.exitCode, inWords.answer]).toEqual([
      1,
      expect.stringContaining('THE RECORD IS NOT WHOLE: the first bad entry is 3.'),
    ]);
  });

  it('tells IT of the last days, and a clinician nothing', async () => {
    await home.signIn('clinician');
    const told = await asks(['log', 'digest', '--as', 'Ivy Admin'], `${administratorPassphrase}\n`);
    expect(told.exitCode).toBe(0);
    expect(told.answer).toMatch(/^entries {14}\d+$/m);
    const refused = await asks(['log', 'digest', '--as', 'Cleo Clinician', '--json'], clinicianPassphrase);
    expect(jsonAnswer(refused)).toMatchObject({ problem: { code: 'not-allowed' } });
  });

  it('compares with the home.folder of checkpoints, or says that there is none', async () => {
    await home.signIn('clinician');
    const anchor = ['log', 'anchor', '--as', 'Ivy Admin', '--json'];
    expect(jsonAnswer(await asks(anchor, administratorPassphrase))).toMatchObject({
      problem: { message: expect.stringContaining('anchorFolder') },
    });
    const share = mkdtempSync(join(home.folder, 'share-'));
    writePolicyTo(home.folder, { anchorFolder: share });
    await home.restart();
    await home.signIn('clinician');
    await asks(anchor, administratorPassphrase);
    const done = await asks(anchor, administratorPassphrase);
    expect(done.exitCode).toBe(0);
    expect(jsonAnswer(done)).toMatchObject({ outcome: 'written', foreign: 0 });
    writeFileSync(join(share, 'new.txt'), 'of somebody else');
    rmSync(share, { recursive: true });
    expect(jsonAnswer(await asks(anchor, administratorPassphrase))).toMatchObject({ outcome: 'unreachable' });
  });

  it('guesses no passphrase: the waits are those of the sign-in screen', async () => {
    writePolicyTo(home.folder, { signInFreeAttempts: 1, signInLockoutAfter: 3, signInLockoutMinutes: 5 });
    await home.restart();
    await home.signIn('clinician');
    for (const guess of ['not this one', 'nor this one'])
      expect(jsonAnswer(await verify(guess))).toMatchObject({ problem: { code: 'wrong-passphrase' } });
    expect(jsonAnswer(await verify())).toMatchObject({ problem: { code: 'sign-in-delayed' } });
    expect((await home.value('app.getState', {})).phase).toBe('signed-in');
    await home.signOut();
    const state = await home.value('app.getState', {});
    const userId = state.users.find(({ role }) => role === 'it-admin')?.userId ?? '';
    expect(
      await home.page.ask('session.signIn', { userId, passphrase: administratorPassphrase }),
    ).toMatchObject({ ok: false, error: { code: 'sign-in-delayed' } });
  });

  it('asks for the second factor, and refuses an account that has to set it up first', async () => {
    await home.signIn('it-admin');
    const { key } = await home.value('account.startSecondFactor', {});
    const code = appShows(key);
    const { codes } = await home.value('account.confirmSecondFactor', { code });
    writePolicyTo(home.folder, { secondFactor: 'required' });
    await home.signOut();
    await home.signIn('it-admin');
    await home.value('session.giveSecondFactor', { code: codes[1] ?? '' });

    const wrong = await verify(`${administratorPassphrase}\n000000`);
    expect(jsonAnswer(wrong)).toMatchObject({ problem: { code: 'second-factor-wrong' } });
    expect((await verify(`${administratorPassphrase}\n${codes[0] ?? ''}\n`)).exitCode).toBe(0);
    const withoutFactor = await asks(
      ['log', 'verify', '--as', 'Cleo Clinician', '--json'],
      clinicianPassphrase,
    );
    expect(jsonAnswer(withoutFactor)).toMatchObject({ problem: { code: 'not-allowed' } });
    expect(await logged()).toContain('second-factor.code-used Ivy Admin');
  });

  it('finds the account by name or id, and asks for no secret where it finds none', async () => {
    await home.signIn('clinician');
    const deps = cliDeps({}, { dataFolder: join(home.folder, 'data') });
    const unknown = await run(['log', 'verify', '--as', 'Nobody', '--json'], deps);
    expect(jsonAnswer(unknown)).toMatchObject({ problem: { code: 'invalid-input' } });
    const { users } = await home.value('app.getState', {});
    const id = users.find(({ role }) => role === 'it-admin')?.userId ?? '';
    expect((await asks(['log', 'verify', '--as', id], administratorPassphrase)).exitCode).toBe(0);
  });
});

describe('the socket', () => {
  it('is there while somebody is signed in, for this account only, and over one that a killed vault left', async () => {
    expect(existsSync(socketPath())).toBe(false);
    await home.signIn('clinician');
    await vi.waitFor(() => {
      expect(existsSync(socketPath())).toBe(true);
    }, 120_000);
    await home.value('session.lock', {});
    await vi.waitFor(() => {
      expect(existsSync(socketPath())).toBe(false);
    }, 120_000);
    const killed = spawnSync(process.execPath, ['-e', leaveSocket, socketPath()], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    expect([killed.signal, existsSync(socketPath())]).toEqual(['SIGKILL', true]);
    await home.restart();
    await home.signIn('clinician');
    expect((await verify()).exitCode).toBe(0);
  });

  it('ends what a command has begun when the screen is locked, and says so in the record', async () => {
    await home.signIn('clinician');
    const channel = await connected();
    channel?.send({ kind: 'sign-in', userId: await idOf('it-admin'), passphrase: administratorPassphrase });
    expect(await channel?.next()).toEqual({ kind: 'signed-in' });
    await home.value('session.lock', {});
    expect(await channel?.next()).toBeUndefined();
    await home.restart();
    await home.signIn('it-admin');
    expect((await logged()).filter((line) => /^(?:command|session\.locked)/.test(line))).toEqual([
      'session.locked Cleo Clinician',
      'command.signed-out Ivy Admin',
      'command.signed-in Ivy Admin',
    ]);
  });

  it.each([
    ['a request before anybody signed in', { kind: 'request', name: 'log.verify', input: {} }],
    ['a request that commands may not send', { kind: 'request', name: 'log.open', input: { entry: 1 } }],
    ['what is no message', { kind: 'hello' }],
  ])('breaks off at %s', async (_, message) => {
    await home.signIn('clinician');
    const channel = await connected();
    channel?.send(message);
    expect(await channel?.next()).toBeUndefined();
    expect((await verify()).exitCode).toBe(0);
  });

  it('breaks off at a line that does not begin as it must, or never ends', async () => {
    await home.signIn('clinician');
    await vi.waitFor(() => {
      expect(existsSync(socketPath())).toBe(true);
    }, 120_000);
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from('\0\0\0\x02{}'),
      Buffer.alloc(9, 0xff),
    ]) {
      const socket = line.connect(socketPath());
      socket.write(bytes);
      socket.resume();
      await once(socket, 'close');
    }
    expect((await verify()).exitCode).toBe(0);
  });
});

describe('a failure of ours in a conversation', () => {
  it('ends the command and not the vault: here the session is closed while a passphrase is tried', async () => {
    await home.signIn('clinician');
    const channel = await connected();
    channel?.send({ kind: 'sign-in', userId: await idOf('it-admin'), passphrase: administratorPassphrase });
    // The derivation takes a third of a second; the lock comes in the middle of it.
    await new Promise((soon) => setTimeout(soon, 50));
    await home.value('session.lock', {});
    expect(await channel?.next()).toBeUndefined();
    // Long enough for the derivation to end and to find nothing open any more: an unhandled failure fails this test.
    await new Promise((done) => setTimeout(done, 1500));
    await home.restart();
    await home.signIn('it-admin');
    expect((await logged()).filter((line) => line.startsWith('command'))).toEqual([]);
  });
});

describe('a program that took the place of the vault', () => {
  const neverAsked = () => cliDeps({}, { dataFolder: join(home.folder, 'data') });

  it('gets no secret: it cannot sign with the log key', async () => {
    const strangersKey = Buffer.alloc(32, 7);
    listener = line.listen(socketPath(), 1, (socket) => {
      void answerCommand(socket, subject(), (text) => signEd25519(text, strangersKey));
    });
    await vi.waitFor(() => {
      expect(existsSync(socketPath())).toBe(true);
    }, 120_000);
    const refused = await run(['log', 'verify', '--as', 'Ivy Admin'], neverAsked());
    expect(refused.exitCode).toBe(1);
    expect(refused.problem).toContain('No secret was sent');
  });

  it('gets none by handing on what the vault signed for another conversation', async () => {
    await home.signIn('clinician');
    const place = join(mkdtempSync(join(home.folder, 'elsewhere-')), controlSocket);
    listener = line.listen(place, 1, (socket) => {
      // In the middle: towards the command it would have to have a key of its own, and the vault signs only for its caller's.
      const vault = line.connect(socketPath());
      void handOnFirstFrame(socket, vault).then(() => handOnFirstFrame(vault, socket));
    });
    await vi.waitFor(() => {
      expect(existsSync(place)).toBe(true);
    }, 120_000);
    const deps = neverAsked();
    const localLine = { ...line, connect: () => line.connect(place) };
    const refused = await run(['log', 'verify', '--as', 'Ivy Admin'], {
      ...deps,
      facts: { ...deps.facts, localLine },
    });
    expect(refused.problem).toContain('No secret was sent');
  });
});

/** With its key exchanged for one that the middle knows. */
async function handOnFirstFrame(from: Duplex, to: Duplex): Promise<void> {
  const [frame] = (await once(from, 'data')) as [Buffer];
  const hello = JSON.parse(frame.subarray(4).toString()) as Record<string, unknown>;
  const changed = Buffer.from(JSON.stringify({ ...hello, key: Buffer.alloc(32, 9).toString('base64') }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(changed.byteLength);
  to.write(Buffer.concat([length, changed]));
}

/** Listens, and is killed. */
const leaveSocket = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;

function subject() {
  const read = readKeyring(join(home.folder, 'data'));
  if (!read.ok || read.value === null) throw new Error('no key file');
  const { installationId, log } = read.value.keyring;
  return { installationId, origin: log.origin };
}

async function connected() {
  await vi.waitFor(() => {
    expect(existsSync(socketPath())).toBe(true);
  }, 120_000);
  const socket = line.connect(socketPath());
  socket.on('error', () => socket.destroy());
  return await callVault(socket, subject(), () => true);
}

async function idOf(role: string): Promise<string> {
  const { users } = await home.value('app.getState', {});
  return users.find((user) => user.role === role)?.userId ?? '';
}

function appShows(key: string): string {
  const secret = Buffer.from(Secret.fromBase32(key.replaceAll(' ', '')).buffer);
  return totpCode(secret, totpStep(Date.now()));
}
