import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openReadOnlyDatabase, openWritableDatabase } from '../database/open-database.ts';
import { codeOf, valueOf } from '../keys/keys-fixture.ts';
import { writeKeyring } from '../keys/keyring-file.ts';
import { nextKeyring } from '../keys/user-record.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import { openLogReader } from '../log/log-reader.ts';
import { verifyLog } from '../log/verify-log.ts';
import { digestDatabase } from './database-digest.ts';
import { holdersOf, resealedKeyring } from './resealed-keyring.ts';
import { rotateDek, type RotationStep } from './rotate-dek.ts';
import {
  appendLeaves,
  createRotationFixture,
  filesOpenedBy,
  keyringOf,
  recoverWith,
  switchOff,
  unlockAs,
  type RotationFixture,
} from './rotation-fixture.ts';
import { openDatabasePath } from './settle-rotation.ts';

/** Made once; each test works on a copy of the folder. */
let made: RotationFixture;
let folder: string;
let newDek: Buffer;

beforeAll(async () => {
  made = await createRotationFixture(200);
});
afterAll(() => {
  made.dispose();
});
beforeEach(() => {
  folder = `${made.folder}-copy`;
  cpSync(made.folder, folder, { recursive: true });
  newDek = randomBytes(32);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function rotate(
  options: {
    readonly keys?: VaultKeys;
    readonly reached?: (step: RotationStep) => void;
    readonly without?: string;
  } = {},
) {
  const keyring = keyringOf(folder);
  return rotateDek({
    folder,
    keyring,
    keys: options.keys ?? made.keys,
    holders: holdersOf(keyring).filter(({ holder }) => holder !== options.without),
    nextKeyring: resealedKeyring,
    random: () => Buffer.from(newDek),
    ...(options.reached === undefined ? {} : { reached: options.reached }),
  });
}

function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  );
}

function digestUnder(dek: Uint8Array): readonly string[] {
  const database = openReadOnlyDatabase(join(folder, 'cloister.db'), dek);
  try {
    return digestDatabase(database, 'main');
  } finally {
    database.close();
  }
}

/** Nothing has happened: the old key opens the same record, the key file is the same, and the next try succeeds. */
async function expectAsBefore(keyringBytes: Buffer): Promise<void> {
  rmSync(join(folder, 'ballast'), { force: true });
  const files = readdirSync(folder).filter((name) => !/-(?:wal|shm)$/u.test(name));
  expect(files.toSorted()).toEqual(['cloister.db', 'keyring.json']);
  expect(readFileSync(join(folder, 'keyring.json'))).toEqual(keyringBytes);
  const database = openWritableDatabase(join(folder, 'cloister.db'), made.keys.dek, { mustExist: true });
  expect(openLogReader(database).size()).toBe(204);
  database.close();
  expect((await rotate()).ok).toBe(true);
}

describe('rotateDek', () => {
  test('gives everybody who stays the new key and leaves one file that it opens', async () => {
    const oldKeyring = keyringOf(folder);
    switchOff(folder, made.keys, made.leaver);
    const before = digestUnder(made.keys.dek);
    const rotated = await rotate();
    if (!rotated.ok) throw new Error(rotated.error.error.message);
    expect(rotated.value.keyring).toEqual(keyringOf(folder));
    expect(readdirSync(folder).toSorted()).toEqual(['cloister.db', 'keyring.json']);
    expect(filesOpenedBy(folder, newDek)).toEqual(['cloister.db']);
    expect(digestUnder(newDek)).toEqual(before);
    const keyring = keyringOf(folder);
    const expected = { dek: newDek, logSeed: made.keys.logSeed };
    for (const user of [made.administrator, made.clinician])
      expect(valueOf(await unlockAs(keyring, user))).toEqual(expected);
    expect(valueOf(await recoverWith(keyring, made.recoveryIdentity))).toEqual(expected);
    expect(codeOf(await unlockAs(keyring, made.leaver))).toBe('not-allowed');
    // The leaver kept the old key file and knows the passphrase.
    expect(filesOpenedBy(folder, valueOf(await unlockAs(oldKeyring, made.leaver)).dek)).toEqual([]);
  });

  test('the record goes on under the new key and verifies whole', async () => {
    expect((await rotate()).ok).toBe(true);
    const keyring = keyringOf(folder);
    const keys = { dek: newDek, logSeed: made.keys.logSeed };
    appendLeaves(folder, keyring, keys, 3);
    const database = openWritableDatabase(join(folder, 'cloister.db'), newDek, { mustExist: true });
    expect(verifyLog(openLogReader(database), keyring.log, () => undefined)).toMatchObject({
      consistent: true,
      treeSize: 207,
      payloadsChecked: 206,
    });
    expect(() => database.execute("INSERT INTO leaves VALUES (500, x'7b7d')")).toThrow(
      'only ever added at the end',
    );
    database.close();
  });

  test('takes in what only the write-ahead log of a killed session holds', async () => {
    const database = openWritableDatabase(join(folder, 'cloister.db'), made.keys.dek, { mustExist: true });
    database.execute("INSERT INTO patients VALUES ('made-up', 'made-up')");
    const killed = `${folder}-killed`;
    cpSync(folder, killed, { recursive: true });
    database.close();
    rmSync(folder, { recursive: true });
    cpSync(killed, folder, { recursive: true });
    rmSync(killed, { recursive: true });
    expect(existsSync(join(folder, 'cloister.db-wal'))).toBe(true);
    expect((await rotate()).ok).toBe(true);
    const rotated = openReadOnlyDatabase(join(folder, 'cloister.db'), newDek);
    expect(rotated.prepare('SELECT * FROM patients').all()).toEqual([
      { patient_id: 'made-up', reference: 'made-up' },
    ]);
    rotated.close();
    expect(readdirSync(folder).toSorted()).toEqual(['cloister.db', 'keyring.json']);
  });

  test('switches off whom it was told to leave out, and drops a recovery key likewise', async () => {
    expect((await rotate({ without: made.leaver.userId })).ok).toBe(true);
    const { userId, displayName, role } = made.leaver;
    expect(keyringOf(folder).users[2]).toEqual({ userId, displayName, role, state: 'disabled' });
    await expect(
      rotate({
        keys: { dek: newDek, logSeed: made.keys.logSeed },
        without: keyringOf(folder).recovery[0]?.recipient ?? '',
      }),
    ).rejects.toThrow('recovery');
    expect(filesOpenedBy(folder, newDek)).toEqual(['cloister.db']);
  });

  test('removes the way back of before even where that generation was never confirmed', async () => {
    const keyring = keyringOf(folder);
    valueOf(writeKeyring(folder, nextKeyring(keyring, made.keys.dek, {})));
    expect((await rotate()).ok).toBe(true);
    expect(readdirSync(folder).toSorted()).toEqual(['cloister.db', 'keyring.json']);
  });

  test('refuses while somebody has the record open, and that handle goes on', async () => {
    const bytes = readFileSync(join(folder, 'keyring.json'));
    const open = openWritableDatabase(join(folder, 'cloister.db'), made.keys.dek, { mustExist: true });
    const refused = await rotate();
    expect(refused).toMatchObject({ ok: false, error: { keysInForce: 'old', error: { code: 'internal' } } });
    open.execute("INSERT INTO patients VALUES ('made-up', 'made-up')");
    open.close();
    await expectAsBefore(bytes);
  });

  test('refuses a damaged record and touches nothing', async () => {
    const path = join(folder, 'cloister.db');
    const bytes = readFileSync(path);
    bytes.fill(0, 20 * 4096 + 100, 20 * 4096 + 200);
    writeFileSync(path, bytes);
    const keyring = contents()['keyring.json'];
    const refused = await rotate();
    expect(refused).toMatchObject({
      ok: false,
      error: { keysInForce: 'old', error: { code: 'database-damaged' } },
    });
    expect(contents()['keyring.json']).toBe(keyring);
    expect(readdirSync(folder).toSorted()).toEqual(['cloister.db', 'keyring.json']);
  });

  test('refuses a copy that is not the same as the record', async () => {
    const bytes = readFileSync(join(folder, 'keyring.json'));
    const refused = await rotate({
      reached: (step) => {
        if (step !== 'copied') return;
        const copy = openWritableDatabase(join(folder, 'cloister.db.next'), newDek, { mustExist: true });
        copy.execute("UPDATE leaf_index SET outcome = 'failure' WHERE seq = 7");
        copy.close();
      },
    });
    expect(refused).toMatchObject({
      ok: false,
      error: { keysInForce: 'old', error: { code: 'record-inconsistent' } },
    });
    await expectAsBefore(bytes);
  });

  test('says that the new key counts where the copy could not take its place, and the next start finishes', async () => {
    const path = join(folder, 'cloister.db');
    const refused = await rotate({
      reached: (step) => {
        if (step !== 'sidecars-removed') return;
        // What Windows does to a file that a scanner holds: the rename is refused.
        renameSync(path, `${path}-aside`);
        mkdirSync(path);
      },
    });
    expect(refused).toMatchObject({
      ok: false,
      error: { keysInForce: 'new', error: { code: 'data-folder-not-writable' } },
    });
    rmdirSync(path);
    renameSync(`${path}-aside`, path);
    const { dek } = valueOf(await unlockAs(keyringOf(folder), made.clinician));
    expect(valueOf(openDatabasePath({ folder, dek })).rotation).toBe('finished');
    expect(readdirSync(folder).toSorted()).toEqual(['cloister.db', 'keyring.json']);
    expect(filesOpenedBy(folder, newDek)).toEqual(['cloister.db']);
  });

  test('throws for keys that are not those of the keyring, and for a keyring that is not on the disk', async () => {
    await expect(rotate({ keys: { dek: randomBytes(32), logSeed: made.keys.logSeed } })).rejects.toThrow(
      'the keys are not those of the keyring',
    );
    const stale = keyringOf(folder);
    switchOff(folder, made.keys, made.leaver);
    await expect(
      rotateDek({
        folder,
        keyring: stale,
        keys: made.keys,
        holders: holdersOf(stale),
        nextKeyring: resealedKeyring,
        random: randomBytes,
      }),
    ).rejects.toThrow('not the one on the disk');
  });
});

describe.skipIf(process.getuid?.() !== 0)('rotateDek on a small disk', () => {
  beforeEach(() => {
    const kept = `${folder}-kept`;
    cpSync(folder, kept, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', folder]);
    cpSync(kept, folder, { recursive: true });
    rmSync(kept, { recursive: true });
  });
  afterEach(() => {
    execFileSync('umount', ['--lazy', folder]);
  });

  function fillUpTo(freeBytes: number): void {
    const { bavail, bsize } = statfsSync(folder);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
  }

  test.each([0, 4096, 40_960, 204_800])(
    'with %i bytes left while copying leaves everything as it was',
    async (free) => {
      const bytes = readFileSync(join(folder, 'keyring.json'));
      fillUpTo(free);
      const refused = await rotate();
      expect(refused).toMatchObject({
        ok: false,
        error: { keysInForce: 'old', error: { code: 'disk-full' } },
      });
      await expectAsBefore(bytes);
    },
  );

  test.each([0, 8192])('with %i bytes left for the key file leaves everything as it was', async (free) => {
    const bytes = readFileSync(join(folder, 'keyring.json'));
    const refused = await rotate({
      reached: (step) => {
        if (step === 'verified') fillUpTo(free);
      },
    });
    expect(refused).toMatchObject({ ok: false, error: { keysInForce: 'old', error: { code: 'disk-full' } } });
    await expectAsBefore(bytes);
  });

  test('needs no space any more once the new key counts', async () => {
    const rotated = await rotate({
      reached: (step) => {
        if (step === 'keyring-written') fillUpTo(0);
      },
    });
    expect(rotated.ok).toBe(true);
    expect(filesOpenedBy(folder, newDek)).toEqual(['cloister.db']);
  });
});
