import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openWritableDatabase } from '../database/open-database.ts';
import { codeOf, valueOf } from '../keys/keys-fixture.ts';
import { forgetKeys, type VaultKeys } from '../keys/sealed-keys.ts';
import { openLogReader } from '../log/log-reader.ts';
import { verifierKeyFor } from '../log/signed-note.ts';
import { verifyLog } from '../log/verify-log.ts';
import { rotateLogKey, type LogKeyStep } from './rotate-log-key.ts';
import {
  appendKeyChange,
  appendLeaves,
  createRotationFixture,
  keyringOf,
  recoverWith,
  unlockAs,
  type RotationFixture,
} from './rotation-fixture.ts';
import { settleLogKey } from './settle-log-key.ts';

/**
 * One change is made; at each of its steps the folder is copied, as it would lie there had the process been killed. The
 * campaign (`npm run campaign:rekey`) kills real processes at any point.
 */
const steps: readonly LogKeyStep[] = [
  'sealed',
  'both-written',
  'both-confirmed',
  'leaf-written',
  'next-written',
];

let made: RotationFixture;
let snapshots: string;
let folder: string;
const newSeed = randomBytes(32);

beforeAll(async () => {
  made = await createRotationFixture(10);
  snapshots = mkdtempSync(join(tmpdir(), 'cloister-snapshots-'));
  const changed = await change(made.folder, (step) => {
    cpSync(made.folder, join(snapshots, step), { recursive: true });
  });
  expect(changed.ok).toBe(true);
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

async function change(data: string, reached: (step: LogKeyStep) => void = () => undefined) {
  const keyring = keyringOf(data);
  const keys = valueOf(await unlockAs(keyring, made.administrator));
  return rotateLogKey({
    folder: data,
    keyring,
    keys,
    addLeaf: (seed) => appendKeyChange(data, keyring, keys, seed),
    random: () => Buffer.from(newSeed),
    reached,
  });
}

function killedAt(step: LogKeyStep): void {
  cpSync(join(snapshots, step), folder, { recursive: true });
}

function damage(name: string): void {
  const bytes = readFileSync(join(folder, name));
  bytes[200] = (bytes[200] ?? 0) ^ 1;
  writeFileSync(join(folder, name), bytes);
}

async function settle(reached?: (step: string) => void) {
  const keyring = keyringOf(folder);
  const keys = valueOf(await unlockAs(keyring, made.clinician));
  const databasePath = join(folder, 'cloister.db');
  return settleLogKey({ folder, keyring, keys, databasePath, ...(reached === undefined ? {} : { reached }) });
}

const seedOf = ({ logSeed }: VaultKeys): Buffer => Buffer.from(logSeed);

/** Everybody gets one seed, the record verifies with it and goes on. */
async function expectWhole(seed: Uint8Array, size: number): Promise<void> {
  const keyring = keyringOf(folder);
  expect(keyring.log).toEqual({
    origin: keyring.log.origin,
    verifierKey: verifierKeyFor(keyring.log.origin, seed),
  });
  for (const unlocked of [
    await unlockAs(keyring, made.administrator),
    await unlockAs(keyring, made.leaver),
    await recoverWith(keyring, made.recoveryIdentity),
  ]) {
    const keys = valueOf(unlocked);
    expect(seedOf(keys).equals(seed)).toBe(true);
    expect(keys.nextLogSeed).toBeUndefined();
  }
  const keys = { dek: made.keys.dek, logSeed: seed };
  expect(appendLeaves(folder, keyring, keys, 1).size).toBe(size + 1);
  const database = openWritableDatabase(join(folder, 'cloister.db'), made.keys.dek, { mustExist: true });
  expect(verifyLog(openLogReader(database), keyring.log, () => undefined)).toMatchObject({
    consistent: true,
    treeSize: size + 1,
  });
  database.close();
  expect(readdirSync(folder).toSorted()).toEqual(['cloister.db', 'keyring.json']);
}

describe('a change of the log key', () => {
  test.each(steps)('killed at "%s" leaves one key that signs, whole with the next unlock', async (step) => {
    killedAt(step);
    const settled = valueOf(await settle());
    const signs = step === 'leaf-written' || step === 'next-written';
    expect(settled.change).toBe(
      {
        sealed: 'none',
        'both-written': 'undone',
        'both-confirmed': 'undone',
        'leaf-written': 'finished',
        'next-written': 'none',
      }[step],
    );
    if (step === 'next-written') rmSync(join(folder, 'keyring.previous.json'));
    expect(seedOf(settled.keys).equals(signs ? newSeed : made.keys.logSeed)).toBe(true);
    await expectWhole(signs ? newSeed : made.keys.logSeed, signs ? 15 : 14);
    expect((await settle()).ok).toBe(true);
  });

  test.each(['both-written', 'leaf-written'] as const)(
    'killed while the unlock after "%s" tidies up is tidied up by the next',
    async (step) => {
      for (const at of ['settled-sealed', 'settled-written']) {
        rmSync(folder, { recursive: true, force: true });
        killedAt(step);
        const again = join(snapshots, 'again');
        await settle((reached) => {
          if (reached === at) cpSync(folder, again, { recursive: true });
        });
        rmSync(folder, { recursive: true });
        cpSync(again, folder, { recursive: true });
        rmSync(again, { recursive: true });
        valueOf(await settle());
        rmSync(join(folder, 'keyring.previous.json'), { force: true });
        await expectWhole(
          step === 'leaf-written' ? newSeed : made.keys.logSeed,
          step === 'leaf-written' ? 15 : 14,
        );
      }
    },
  );

  test('with the newest key file damaged before it was read back goes on with the old key', async () => {
    killedAt('both-written');
    damage('keyring.json');
    expect(valueOf(await settle()).change).toBe('none');
    expect(seedOf(valueOf(await unlockAs(keyringOf(folder), made.clinician))).equals(made.keys.logSeed)).toBe(
      true,
    );
  });

  test('with the newest key file damaged after it signed goes on with the new key', async () => {
    killedAt('next-written');
    damage('keyring.json');
    expect(valueOf(await settle()).change).toBe('finished');
    await expectWhole(newSeed, 15);
  });

  test('of a record that neither key signed is refused, and nothing is changed', async () => {
    killedAt('leaf-written');
    const database = openWritableDatabase(join(folder, 'cloister.db'), made.keys.dek, { mustExist: true });
    database.execute(`UPDATE checkpoints SET note = replace(note, '—', '-')`);
    database.close();
    const before = readFileSync(join(folder, 'keyring.json'));
    expect(codeOf(await settle())).toBe('record-inconsistent');
    expect(readFileSync(join(folder, 'keyring.json')).equals(before)).toBe(true);
  });

  test('whose key file was damaged meanwhile writes nothing, and says that the next unlock has to look', async () => {
    killedAt('sealed');
    const before = readFileSync(join(folder, 'keyring.json'));
    const refused = await change(folder, (step) => {
      if (step === 'sealed') writeFileSync(join(folder, 'keyring.json'), 'x'.repeat(500));
    });
    expect(refused.ok ? null : refused.error.isBegun).toBe(true);
    writeFileSync(join(folder, 'keyring.json'), before);
    await expectWhole(made.keys.logSeed, 14);
  });

  test('is not begun with keys of another installation, nor twice', async () => {
    killedAt('both-confirmed');
    const keyring = keyringOf(folder);
    const keys = { dek: randomBytes(32), logSeed: randomBytes(32) };
    const input = { folder, keyring, addLeaf: () => undefined, random: randomBytes };
    await expect(rotateLogKey({ ...input, keys })).rejects.toThrow('not those of the keyring');
    const own = valueOf(await unlockAs(keyring, made.administrator));
    await expect(rotateLogKey({ ...input, keys: own })).rejects.toThrow('under way');
    forgetKeys(own);
    expect(own.nextLogSeed?.every((byte) => byte === 0)).toBe(true);
  });
});
