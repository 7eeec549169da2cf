import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openWritableDatabase } from '../database/open-database.ts';
import { readKeyring } from '../keys/keyring-file.ts';
import { codeOf, valueOf } from '../keys/keys-fixture.ts';
import { openLogReader } from '../log/log-reader.ts';
import { checkNewestCheckpoint } from '../log/verify-opened.ts';
import { holdersOf, resealedKeyring } from './resealed-keyring.ts';
import { rotateDek, type RotationStep } from './rotate-dek.ts';
import {
  appendLeaves,
  createRotationFixture,
  filesOpenedBy,
  keyringOf,
  switchOff,
  unlockAs,
  type RotationFixture,
} from './rotation-fixture.ts';
import { openDatabasePath } from './settle-rotation.ts';

/**
 * One rotation is made; at each of its steps the folder is copied, as it would lie there had the process been killed. The
 * campaign (`npm run campaign:rekey`) kills real processes at any point.
 */
const steps: readonly RotationStep[] = [
  'sealed',
  'copied',
  'verified',
  'keyring-written',
  'sidecars-removed',
  'renamed',
];
const committed: ReadonlySet<RotationStep> = new Set(['keyring-written', 'sidecars-removed', 'renamed']);

let made: RotationFixture;
let snapshots: string;
let folder: string;
const newDek = randomBytes(32);

beforeAll(async () => {
  made = await createRotationFixture(60);
  snapshots = mkdtempSync(join(tmpdir(), 'cloister-snapshots-'));
  const keyring = switchOff(made.folder, made.keys, made.leaver);
  const rotated = await rotateDek({
    folder: made.folder,
    keyring,
    keys: made.keys,
    holders: holdersOf(keyring),
    nextKeyring: resealedKeyring,
    random: () => Buffer.from(newDek),
    reached: (step) => {
      cpSync(made.folder, join(snapshots, step), { recursive: true });
    },
  });
  expect(rotated.ok).toBe(true);
});
afterAll(() => {
  made.dispose();
  rmSync(snapshots, { recursive: true });
});
beforeEach(() => {
  folder = join(snapshots, 'tried');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function killedAt(step: RotationStep): void {
  cpSync(join(snapshots, step), folder, { recursive: true });
}

function damage(name: string, at: number): void {
  const bytes = readFileSync(join(folder, name));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(folder, name), bytes);
}

function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  );
}

async function unlocked(): Promise<Uint8Array> {
  return valueOf(await unlockAs(keyringOf(folder), made.clinician)).dek;
}

/** Opens as the app does after an unlock. */
function expectOpens(path: string, dek: Uint8Array): void {
  const database = openWritableDatabase(path, dek, { mustExist: true });
  const { origin, verifierKey } = keyringOf(folder).log;
  expect(checkNewestCheckpoint(openLogReader(database), origin, verifierKey)).toEqual({
    ok: true,
    value: { size: 64 },
  });
  database.close();
}

describe('openDatabasePath', () => {
  test.each(steps)('after a kill at "%s": one key, one file', async (step) => {
    killedAt(step);
    const dek = await unlocked();
    expect(Buffer.from(dek).equals(newDek)).toBe(committed.has(step));
    const settled = valueOf(openDatabasePath({ folder, dek }));
    expect(settled).toEqual({
      path: join(folder, 'cloister.db'),
      rotation: {
        sealed: 'none',
        copied: 'undone',
        verified: 'undone',
        'keyring-written': 'finished',
        'sidecars-removed': 'finished',
        renamed: 'none',
      }[step],
    });
    expectOpens(settled.path, dek);
    expect(readdirSync(folder)).not.toContain('cloister.db.next');
    expect(filesOpenedBy(folder, dek)).toEqual(['cloister.db']);
    expect(filesOpenedBy(folder, committed.has(step) ? made.keys.dek : newDek)).toEqual([]);
    expect(valueOf(openDatabasePath({ folder, dek })).rotation).toBe('none');
  });

  test.each(['keyring-written', 'sidecars-removed'] as const)(
    'after a kill at "%s" with the newest key file damaged goes back to the key of before, for good',
    async (step) => {
      killedAt(step);
      const newest = readFileSync(join(folder, 'keyring.json'));
      damage('keyring.json', 200);
      const dek = await unlocked();
      expect(made.keys.dek).toEqual(dek);
      const settled = valueOf(openDatabasePath({ folder, dek }));
      expect(settled.rotation).toBe('undone');
      expectOpens(settled.path, dek);
      expect(readdirSync(folder).toSorted()).toEqual([
        'cloister.db',
        'keyring.json',
        'keyring.previous.json',
      ]);
      // It is not the damaged one that could be read again one day.
      expect(valueOf(readKeyring(folder))?.notice).toBeNull();
      expect(readFileSync(join(folder, 'keyring.json')).equals(newest)).toBe(false);
      expect(codeOf(await unlockAs(keyringOf(folder), made.leaver))).toBe('not-allowed');
    },
  );

  test('killed while it goes back, goes back at the next start', async () => {
    killedAt('keyring-written');
    damage('keyring.json', 200);
    const dek = await unlocked();
    const again = join(snapshots, 'again');
    openDatabasePath({
      folder,
      dek,
      reached: () => {
        cpSync(folder, again, { recursive: true });
      },
    });
    rmSync(folder, { recursive: true });
    cpSync(again, folder, { recursive: true });
    rmSync(again, { recursive: true });
    expect(readdirSync(folder)).toContain('cloister.db.next');
    const settled = valueOf(openDatabasePath({ folder, dek: await unlocked() }));
    expect(settled.rotation).toBe('undone');
    expectOpens(settled.path, dek);
    expect(readdirSync(folder)).not.toContain('cloister.db.next');
  });

  test('with the newest key file damaged after the rename says so and touches nothing', async () => {
    killedAt('renamed');
    damage('keyring.json', 200);
    const before = contents();
    expect(codeOf(openDatabasePath({ folder, dek: await unlocked() }))).toBe('keyring-damaged');
    expect(contents()).toEqual(before);
  });

  test('with a damaged copy under the key that counts says so and touches nothing', async () => {
    killedAt('keyring-written');
    damage('cloister.db.next', 30 * 4096 + 17);
    const before = contents();
    expect(codeOf(openDatabasePath({ folder, dek: await unlocked() }))).toBe('database-damaged');
    expect(contents()).toEqual(before);
  });

  test('with an empty database in the place of the copy says so and touches nothing', async () => {
    killedAt('keyring-written');
    rmSync(join(folder, 'cloister.db.next'));
    openWritableDatabase(join(folder, 'cloister.db.next'), newDek, { mustExist: false }).close();
    const before = contents();
    expect(codeOf(openDatabasePath({ folder, dek: await unlocked() }))).toBe('database-damaged');
    expect(Object.keys(contents()).filter((name) => !/-(?:wal|shm)$/u.test(name))).toEqual(
      Object.keys(before),
    );
  });

  test('does not finish with a copy that another key made', async () => {
    killedAt('keyring-written');
    writeFileSync(join(folder, 'cloister.db.next'), randomBytes(40_960));
    const before = contents();
    expect(valueOf(openDatabasePath({ folder, dek: await unlocked() })).rotation).toBe('none');
    expect(contents()).toEqual(before);
  });

  test('removes half a copy, and what lies beside it', async () => {
    killedAt('sealed');
    writeFileSync(join(folder, 'cloister.db.next'), randomBytes(5000));
    writeFileSync(join(folder, 'cloister.db.next-journal'), randomBytes(50));
    writeFileSync(join(folder, 'keyring.json.tmp'), '{');
    writeFileSync(join(folder, 'keyring.previous.json.tmp'), '{');
    const dek = await unlocked();
    expect(valueOf(openDatabasePath({ folder, dek })).rotation).toBe('undone');
    expect(readdirSync(folder).toSorted()).toEqual(['cloister.db', 'keyring.json']);
  });

  test('keeps what was recorded after a rotation that did not get through', async () => {
    killedAt('copied');
    const dek = await unlocked();
    const { path } = valueOf(openDatabasePath({ folder, dek }));
    const { size } = appendLeaves(folder, keyringOf(folder), made.keys, 2);
    expect(size).toBe(66);
    expect(valueOf(openDatabasePath({ folder, dek })).path).toBe(path);
  });

  test('without a rotation gives the path and does not open the file', () => {
    killedAt('sealed');
    const before = contents();
    expect(valueOf(openDatabasePath({ folder, dek: randomBytes(32) })).rotation).toBe('none');
    expect(contents()).toEqual(before);
  });
});
