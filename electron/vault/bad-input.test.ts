import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from 'otpauth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { userIdSchema, type UserId } from '../shared/ids.ts';
import type { Role } from '../shared/roles.ts';
import { totpCode, totpStep } from './accounts/totp.ts';
import { encodeKeyring, keyringFile, previousKeyringFile, readKeyring } from './keys/keyring-file.ts';
import { isHolder, type HolderRecord, type Keyring } from './keys/keyring-schema.ts';
import { newestDatabaseVersion } from './database/migrations.ts';
import { openWritableDatabase } from './database/open-database.ts';
import { unlock } from './keys/installation.ts';
import { valueOf } from './keys/keys-fixture.ts';
import { clinicianPassphrase, setUpFrom, startPlayedVault } from './vault-fixture.ts';
import { useVaultHome } from './vault-home-fixture.ts';

const home = useVaultHome();
const { value, restart, idOf } = home;
beforeEach(async () => {
  await home.setUp();
});
afterEach(() => {
  vi.useRealTimers();
});

const at = (name: string, inFolder = home.folder): string => join(inFolder, 'data', name);

const idOfHolder = (role: Role): UserId =>
  userIdSchema.parse(keyringNow().users.find((user) => user.role === role)?.userId);
async function signIn(passphrase = clinicianPassphrase) {
  return home.page.ask('session.signIn', { userId: await idOf('clinician'), passphrase });
}
/** The newest entries of this type, as IT sees them. */
async function entriesOf(type: 'session.sign-in-failed' | 'keyring.refused'): Promise<unknown[]> {
  const filter = { before: null, limit: 50, userId: null, type, patientReference: null };
  const { rows } = await value('log.list', filter);
  const leaves = [];
  for (const { entry } of rows) {
    const { leafJson } = await value('log.open', { entry });
    leaves.push((JSON.parse(leafJson) as { data: unknown }).data);
  }
  return leaves;
}

const keyringNow = (): Keyring => {
  const read = valueOf(readKeyring(join(home.folder, 'data')));
  if (read === null) throw new Error('no key file');
  return read.keyring;
};
/** As somebody with an editor makes it: the checksum is right, the rest is not theirs to make. */
const editUsers = (edit: (holders: HolderRecord[]) => HolderRecord[]): Buffer => {
  const keyring = keyringNow();
  return encodeKeyring({ ...keyring, users: edit(keyring.users.filter(isHolder)) });
};

describe('a key file that is not as Cloister wrote it is refused with a sentence, recorded, and nothing is lost', () => {
  it.each<[string, string, string, () => Buffer]>([
    [
      'weakened derivation parameters',
      'keyring-damaged',
      'keyring',
      () =>
        editUsers((users) =>
          users.map((user) => ({
            ...user,
            wrapped: { ...user.wrapped, kdf: { ...user.wrapped.kdf, memoryKiB: 65_535 } },
          })),
        ),
    ],
    [
      'wrapped keys that two users exchanged',
      'wrong-passphrase',
      'passphrase',
      () =>
        editUsers(([first, second]) => {
          if (first === undefined || second === undefined) throw new Error('two users');
          return [
            { ...first, wrapped: second.wrapped },
            { ...second, wrapped: first.wrapped },
          ];
        }),
    ],
    [
      'sealed keys that two users exchanged',
      'keyring-damaged',
      'keyring',
      () =>
        editUsers(([first, second]) => {
          if (first === undefined || second === undefined) throw new Error('two users');
          return [
            { ...first, sealed: second.sealed },
            { ...second, sealed: first.sealed },
          ];
        }),
    ],
    [
      'another name',
      'keyring-damaged',
      'keyring',
      () => editUsers((users) => users.map((user) => ({ ...user, displayName: `${user.displayName}, IT` }))),
    ],
  ])('%s', async (_what, code, reason, spoil) => {
    const [keyring, record] = [readFileSync(at(keyringFile)), readFileSync(at('cloister.db'))];
    const spoiled = spoil();
    writeFileSync(at(keyringFile), spoiled);
    await restart();
    const refused = await signIn();
    expect(refused).toMatchObject({
      ok: false,
      error: { code, message: expect.stringMatching(/Nothing|not touched/) },
    });
    expect([readFileSync(at(keyringFile)), readFileSync(at('cloister.db'))]).toEqual([spoiled, record]);

    writeFileSync(at(keyringFile), keyring);
    await restart();
    await home.signIn('it-admin');
    expect(await entriesOf('session.sign-in-failed')).toMatchObject([{ reason }]);
    expect(await value('log.verify', {})).toMatchObject({ consistent: true });
  });

  it('the key file of another installation, where the same people have the same passphrases', async () => {
    const other = mkdtempSync(join(tmpdir(), 'cloister-other-'));
    const elsewhere = await startPlayedVault(other, 'launch');
    await setUpFrom(elsewhere.page);
    elsewhere.vault.stop();
    const [keyring, record] = [readFileSync(at(keyringFile)), readFileSync(at('cloister.db'))];
    copyFileSync(at(keyringFile, other), at(keyringFile));
    rmSync(other, { recursive: true });
    await restart();
    expect(await signIn()).toMatchObject({ ok: false, error: { code: 'database-damaged' } });
    expect(readFileSync(at('cloister.db')).equals(record)).toBe(true);

    writeFileSync(at(keyringFile), keyring);
    await restart();
    await home.signIn('it-admin');
    expect(await entriesOf('session.sign-in-failed')).toMatchObject([{ reason: 'keyring' }]);
  });

  it('rot in the newest generation: the one before opens the record, and both are said', async () => {
    copyFileSync(at(keyringFile), at(previousKeyringFile));
    writeFileSync(at(keyringFile), readFileSync(at(keyringFile)).fill(' ', 500, 510));
    await restart();
    const { notices, phase } = await value('app.getState', {});
    expect([phase, notices[0]?.message.includes('The newest key file is damaged')]).toEqual([
      'signed-out',
      true,
    ]);
    await home.signIn('it-admin');
    expect(await entriesOf('keyring.refused')).toMatchObject([{ code: 'newest-damaged' }]);
  });

  it('rot in both generations: nobody signs in, and the repaired record tells of it', async () => {
    const good = readFileSync(at(keyringFile));
    const damaged = Buffer.from(good).fill(' ', 500, 510);
    for (const name of [keyringFile, previousKeyringFile]) writeFileSync(at(name), damaged);
    await restart();
    const { phase, problem } = await value('app.getState', {});
    expect([phase, problem?.code]).toEqual(['broken', 'keyring-damaged']);
    expect([keyringFile, previousKeyringFile].map((name) => readFileSync(at(name)).equals(damaged))).toEqual([
      true,
      true,
    ]);

    writeFileSync(at(keyringFile), good);
    await restart();
    await home.signIn('it-admin');
    expect(await entriesOf('keyring.refused')).toMatchObject([{ code: 'keyring-damaged' }]);
  });
});

it('a record that a later version wrote is not opened by an older one, which says so and changes nothing', async () => {
  home.vault.stop();
  const keys = valueOf(
    await unlock({
      keyring: keyringNow(),
      userId: idOfHolder('clinician'),
      passphrase: clinicianPassphrase,
      deviceSecret: null,
    }),
  );
  const setVersion = (change: number): void => {
    const database = openWritableDatabase(at('cloister.db'), keys.dek, { mustExist: true });
    database.execute(`PRAGMA user_version = ${newestDatabaseVersion + change}`);
    database.close();
  };
  setVersion(1);
  const before = readFileSync(at('cloister.db'));
  await home.startAnother('launch');
  expect(await signIn()).toMatchObject({
    ok: false,
    error: { code: 'app-outdated', message: expect.stringContaining('newer version of Cloister') },
  });
  expect(readFileSync(at('cloister.db')).equals(before)).toBe(true);
  home.vault.stop();
  setVersion(0);
  await home.startAnother('launch');
  expect((await signIn()).ok).toBe(true);
});

describe('a clock that is set back a year', () => {
  const yearMs = 365 * 24 * 3_600_000;
  /** The wall clock alone; the monotonic one goes on, as on a real computer. */
  function setClock(byMs: number): void {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs });
  }

  it('shortens no wait after wrong passphrases', async () => {
    for (let time = 0; time < 5; time += 1) await signIn('wrong');
    setClock(-yearMs);
    await restart();
    expect(await signIn()).toMatchObject({
      ok: false,
      error: { code: 'sign-in-delayed', message: expect.stringMatching(/Wait \d+ second/) },
    });
  });

  it('makes every code of the second factor wrong, says so, and records it; nothing is lost', async () => {
    await signIn();
    const { key } = await value('account.startSecondFactor', {});
    const shows = (): string =>
      totpCode(Buffer.from(Secret.fromBase32(key.replaceAll(' ', '')).buffer), totpStep(Date.now()));
    await value('account.confirmSecondFactor', { code: shows() });
    await value('session.signOut', {});
    await restart();

    setClock(-yearMs);
    await signIn();
    expect(await home.page.ask('session.giveSecondFactor', { code: shows() })).toMatchObject({
      ok: false,
      error: { code: 'second-factor-wrong', message: expect.stringMatching(/clock of this computer/) },
    });
    setClock(yearMs + 60_000);
    expect(await value('session.giveSecondFactor', { code: shows() })).toMatchObject({ next: 'signed-in' });
    await value('session.signOut', {});
    vi.useRealTimers();
    await restart();
    await home.signIn('it-admin');
    expect(await entriesOf('session.sign-in-failed')).toMatchObject([{ reason: 'second-factor' }]);
    expect(await value('log.verify', {})).toMatchObject({ consistent: true });
  });
});
