import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceIdSchema } from '../../shared/ids.ts';
import { openAuditLog, type AuditLog } from './audit-log.ts';
import { createBundleFixture, type BundleFixture } from './bundle-fixture.ts';
import { openNote, verifierKeyFor } from './signed-note.ts';
import { verifyLog } from './verify-log.ts';
import { checkNewestCheckpoint, checkNewestOfTwoKeys } from './verify-opened.ts';

/** Leaves: 0 log.created, 1 to 3 clipboard.copied. */
let fixture: BundleFixture;
beforeEach(() => {
  fixture = createBundleFixture();
  fixture.appendCopies(3);
});
afterEach(() => {
  fixture.dispose();
});

const keyOf = (seed: Uint8Array): string => verifierKeyFor(fixture.origin, seed);
const by = (): { actor: BundleFixture['actor']; session: BundleFixture['session'] } => ({
  actor: fixture.actor,
  session: fixture.session,
});
const isSignedBy = (size: number, seed: Uint8Array): boolean =>
  openNote(fixture.reader.checkpoint(size) ?? '', keyOf(seed)).ok;
const isConsistent = (seed: Uint8Array): boolean =>
  verifyLog(fixture.reader, { origin: fixture.origin, verifierKey: keyOf(seed) }, () => undefined).consistent;

/** The same record, opened with a seed as the next sign-in would. */
function logOf(logSeed: Uint8Array): AuditLog {
  const { database, clock, origin } = fixture;
  const device = deviceIdSchema.parse(randomUUID());
  return openAuditLog({
    database,
    clock,
    origin,
    logSeed,
    device,
    appVersion: '0.1.0',
    onAppended: () => undefined,
  });
}

function view(log: AuditLog): void {
  const data = { entry: null };
  log.append({ ...by(), patient: null, outcome: 'success', type: 'log.viewed', data, texts: {} });
}

describe('changing the key', () => {
  it('adds one leaf, whose checkpoint and every later one the new key signs', () => {
    const next = randomBytes(32);
    fixture.log.keepCheckpoint(4);
    const receipt = fixture.log.rotateKey(next, by());
    fixture.log.keepCheckpoint(5);
    fixture.appendCopies(1);
    expect({
      entry: receipt.seq,
      size: fixture.log.size(),
      before: isSignedBy(4, fixture.logSeed),
      with: isSignedBy(5, next),
      after: isSignedBy(6, next),
      consistent: isConsistent(next),
    }).toEqual({ entry: 4, size: 6, before: true, with: true, after: true, consistent: true });
  });

  it('keeps no checkpoint of its own', () => {
    fixture.log.rotateKey(randomBytes(32), by());
    fixture.appendCopies(1);
    expect(fixture.reader.keptCheckpoints()).toEqual([]);
  });

  it('stands behind the jump of the clock that it noticed', () => {
    const next = randomBytes(32);
    fixture.clock.set(fixture.clock.nowMs() - 60_000);
    const { seq } = fixture.log.rotateKey(next, by());
    expect({ seq, size: fixture.log.size(), consistent: isConsistent(next) }).toEqual({
      seq: 5,
      size: 6,
      consistent: true,
    });
  });

  it('does not go back to a key of before, which no verifier would accept', () => {
    const next = randomBytes(32);
    fixture.log.rotateKey(next, by());
    for (const used of [next, fixture.logSeed])
      expect(() => fixture.log.rotateKey(used, by())).toThrow('brings back a key of before');
    fixture.appendCopies(1);
    expect({ size: fixture.log.size(), signed: isSignedBy(6, next) }).toEqual({ size: 6, signed: true });
  });

  it('does nothing in a log that another key signs', () => {
    expect(() => logOf(randomBytes(32)).rotateKey(randomBytes(32), by())).toThrow(
      'a key that was not in use',
    );
    expect(fixture.log.size()).toBe(4);
  });

  it('leaves nothing behind when it fails, and the old key goes on signing', () => {
    fixture.database.raw.exec(
      "CREATE TRIGGER full BEFORE INSERT ON checkpoints WHEN NEW.size = 5 BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    );
    expect(() => fixture.log.rotateKey(randomBytes(32), by())).toThrow('the disk is full');
    fixture.database.raw.exec('DROP TRIGGER full');
    fixture.appendCopies(1);
    expect({
      size: fixture.log.size(),
      signed: isSignedBy(5, fixture.logSeed),
      consistent: isConsistent(fixture.logSeed),
    }).toEqual({ size: 5, signed: true, consistent: true });
  });
});

describe('the check at sign-in while the key file holds two seeds', () => {
  const check = (current: Uint8Array, next: Uint8Array) => {
    const found = checkNewestOfTwoKeys(fixture.reader, fixture.origin, {
      current: keyOf(current),
      next: keyOf(next),
    });
    return found.ok ? found.value : found.error.code;
  };

  it('goes on with the key in use where no leaf names the next one', () => {
    expect(check(fixture.logSeed, randomBytes(32))).toEqual({
      size: 4,
      verifierKey: keyOf(fixture.logSeed),
    });
  });

  it('goes on with the next key where a leaf leads to it, whatever was appended since', () => {
    const next = randomBytes(32);
    fixture.log.rotateKey(next, by());
    expect(check(fixture.logSeed, next)).toEqual({ size: 5, verifierKey: keyOf(next) });
    fixture.appendCopies(2);
    expect(check(fixture.logSeed, next)).toEqual({ size: 7, verifierKey: keyOf(next) });
  });

  it('refuses keys that are not those of the last change', () => {
    const [second, third] = [randomBytes(32), randomBytes(32)];
    fixture.log.rotateKey(second, by());
    fixture.log.rotateKey(third, by());
    const wrong = [
      [fixture.logSeed, third],
      [fixture.logSeed, second],
      [randomBytes(32), third],
    ] as const;
    expect(wrong.map(([current, next]) => check(current, next))).toEqual(
      wrong.map(() => 'record-inconsistent'),
    );
  });

  it('refuses a next key that signed the record without a change of the key', () => {
    const next = randomBytes(32);
    view(logOf(next));
    expect(check(fixture.logSeed, next)).toBe('record-inconsistent');
    fixture.log.rotateKey(randomBytes(32), by());
    view(logOf(next));
    expect(check(fixture.logSeed, next)).toBe('record-inconsistent');
  });

  it('refuses the old key once it is alone in the key file', () => {
    const next = randomBytes(32);
    fixture.log.rotateKey(next, by());
    const found = [fixture.logSeed, next].map(
      (seed) => checkNewestCheckpoint(fixture.reader, fixture.origin, keyOf(seed)).ok,
    );
    expect(found).toEqual([false, true]);
  });
});

/** Changes the key of a log in a process that is killed (signal 9) at a chosen moment. */
const killedRotation = `
import { openWritableDatabase } from '${here('../database/open-database.ts')}';
import { openAuditLog } from '${here('./audit-log.ts')}';
const given = JSON.parse(process.env.ROTATION);
const bytes = (hex) => Buffer.from(hex, 'hex');
const die = (moment) => { if (moment === given.moment) process.kill(process.pid, 'SIGKILL'); return 0; };
const database = openWritableDatabase(given.path, bytes(given.dek), { mustExist: true });
database.raw.function('die', die);
database.raw.exec("CREATE TEMP TRIGGER last_row AFTER INSERT ON checkpoints BEGIN SELECT die('before the commit'); END");
const log = openAuditLog({
  database,
  clock: {
    nowMs: () => given.nowMs,
    monotonicMs: () => 0,
    bootId: given.device,
    timeSync: () => { die('inside the transaction'); return 'unknown'; },
  },
  origin: given.origin,
  logSeed: bytes(given.current),
  device: given.device,
  appVersion: '0.1.0',
  onAppended: () => die('after the commit'),
});
die('before the transaction');
log.rotateKey(bytes(given.next), given.by);
`;

function here(name: string): string {
  return pathToFileURL(join(import.meta.dirname, name)).href;
}

describe('a change of the key that is killed', () => {
  it.each([
    ['before the transaction', 4],
    ['inside the transaction', 4],
    ['before the commit', 4],
    ['after the commit', 5],
  ] as const)('%s leaves a record that exactly one of the two keys goes on with', (moment, size) => {
    const next = randomBytes(32);
    const hex = (secret: Uint8Array): string => Buffer.from(secret).toString('hex');
    const given = {
      moment,
      path: fixture.path,
      dek: hex(fixture.dek),
      nowMs: fixture.clock.nowMs(),
      origin: fixture.origin,
      current: hex(fixture.logSeed),
      next: hex(next),
      device: randomUUID(),
      by: by(),
    };
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', killedRotation], {
      encoding: 'utf8',
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', ROTATION: JSON.stringify(given) },
    });
    expect({ signal: run.signal, stderr: run.stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
    const keys = { current: keyOf(fixture.logSeed), next: keyOf(next) };
    const found = checkNewestOfTwoKeys(fixture.reader, fixture.origin, keys);
    const inUse = size === 4 ? fixture.logSeed : next;
    expect(found).toEqual({ ok: true, value: { size, verifierKey: keyOf(inUse) } });
    expect({
      now: isConsistent(inUse),
      other: isSignedBy(size, size === 4 ? next : fixture.logSeed),
    }).toEqual({
      now: true,
      other: false,
    });
    view(logOf(inUse));
    expect({ size: fixture.reader.size(), consistent: isConsistent(inUse) }).toEqual({
      size: size + 1,
      consistent: true,
    });
  });
});
