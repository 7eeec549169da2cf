import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from 'otpauth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userIdSchema } from '../../shared/ids.ts';
import { migrate } from '../database/migrations.ts';
import { openWritableDatabase, type WritableDatabase } from '../database/open-database.ts';
import { codeOf, valueOf } from '../keys/keys-fixture.ts';
import { hashRecoveryCode, normaliseRecoveryCode } from './recovery-codes.ts';
import { openSecondFactors, type SecondFactors } from './second-factors.ts';
import { checkTotp, totpCode, totpStep } from './totp.ts';

const user = userIdSchema.parse(randomUUID());
const person = { userId: user, displayName: 'Dr. Cleo: Marsh' };

let folder: string;
let database: WritableDatabase;
let factors: SecondFactors;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-factors-'));
  database = openWritableDatabase(join(folder, 'x.db'), randomBytes(32), { mustExist: false });
  migrate(database);
  nowMs = Date.parse('2026-11-23T09:00:00Z');
  factors = openAgain();
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

function openAgain(organisation = 'Example Clinic'): SecondFactors {
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => 0,
    bootId: randomUUID(),
    timeSync: () => 'unknown' as const,
  };
  return openSecondFactors({ database, clock, organisation });
}
/** What an authenticator app shows. */
function appShows(key: string, atMs = nowMs): string {
  return totpCode(Buffer.from(Secret.fromBase32(key.replaceAll(' ', '')).buffer), totpStep(atMs));
}
function enrol(): { readonly key: string; readonly codes: readonly string[] } {
  const { key } = factors.start(person);
  const { codes } = valueOf(factors.confirm(user, appShows(key)));
  nowMs += 60_000;
  return { key, codes };
}

describe('RFC 6238, appendix B', () => {
  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('at %i s', (seconds, code) => {
    const secret = Buffer.from('12345678901234567890');
    expect(totpCode(secret, totpStep(seconds * 1000), 8)).toBe(code);
    expect(checkTotp(secret, code.slice(2), { atMs: seconds * 1000, lastStep: -1 }).ok).toBe(true);
  });
});

describe('AC-10: a second factor', () => {
  it('counts only after one right code', () => {
    const { key, uri } = factors.start(person);
    expect([
      factors.isEnrolled(user),
      codeOf(factors.confirm(user, '000000')),
      factors.isEnrolled(user),
    ]).toEqual([false, 'second-factor-wrong', false]);
    expect(valueOf(factors.confirm(user, appShows(key))).codes).toHaveLength(10);
    expect([factors.isEnrolled(user), uri.startsWith('otpauth://totp/Cloister%20Example%20Clinic:')]).toEqual(
      [true, true],
    );
  });

  it('takes a code of the step before and after, and none further away', () => {
    const { key } = enrol();
    const seen = [];
    for (const steps of [-2, -1, 1, 2]) {
      nowMs += 300_000;
      seen.push(codeOf(factors.check(user, appShows(key, nowMs + steps * 30_000))));
    }
    expect(seen).toEqual(['second-factor-wrong', 'ok', 'ok', 'second-factor-wrong']);
  });

  it('refuses a code that was used, and an older one after a newer', () => {
    const { key } = enrol();
    const code = appShows(key);
    const older = appShows(key, nowMs - 30_000);
    expect(
      [factors.check(user, code), factors.check(user, code), factors.check(user, older)].map(codeOf),
    ).toEqual(['ok', 'second-factor-wrong', 'second-factor-wrong']);
  });

  it('names the clock when it was set back behind the last sign-in', () => {
    const { key } = enrol();
    valueOf(factors.check(user, appShows(key)));
    nowMs -= 365 * 24 * 3_600_000;
    expect(factors.check(user, appShows(key))).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/clock of this computer/) },
    });
  });

  it('takes the digits with spaces, and says what is wrong with anything else', () => {
    const { key } = enrol();
    const code = appShows(key);
    expect([
      codeOf(factors.check(user, '12345')),
      codeOf(factors.check(user, '')),
      codeOf(factors.check(user, `${code.slice(0, 3)} ${code.slice(3)}`)),
    ]).toEqual(['second-factor-wrong', 'second-factor-wrong', 'ok']);
  });

  it('is replaced by a recovery code, each once, typed in any way', () => {
    const { codes } = enrol();
    const [first = '', second = ''] = codes;
    expect([
      factors.check(user, first.toLowerCase().replace('-', ' ')),
      factors.check(user, first),
      factors.check(user, second),
      factors.check(user, 'AAAAA-AAAAA'),
    ]).toMatchObject([
      { ok: true, value: { usedRecoveryCode: true, recoveryCodesLeft: 9 } },
      { ok: false },
      { ok: true, value: { usedRecoveryCode: true, recoveryCodesLeft: 8 } },
      { ok: false },
    ]);
  });

  it('reads O as 0, I and L as 1, and the hyphens of any keyboard', () => {
    expect(
      ['abcde-fgh1o', 'ABCDE FGHio', 'abcde\u2011fghl0', 'ABCDEFGH10'].map(normaliseRecoveryCode),
    ).toEqual(Array(4).fill('ABCDEFGH10'));
    expect(['ABCDE-FGH1', 'ABCDU-FGH10', '123456', ''].map(normaliseRecoveryCode)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('of one person opens nothing of another: each has a secret and codes of their own', () => {
    const { key, codes } = enrol();
    const other = userIdSchema.parse(randomUUID());
    const theirs = factors.start({ userId: other, displayName: 'Ada Noor' });
    valueOf(factors.confirm(other, appShows(theirs.key)));
    nowMs += 60_000;
    expect([theirs.key === key, codeOf(factors.check(other, appShows(key)))]).toEqual([
      false,
      'second-factor-wrong',
    ]);
    expect(codeOf(factors.check(other, codes[0] ?? ''))).toBe('second-factor-wrong');
    const same = 'ABCDEFGH10';
    expect(hashRecoveryCode(user, same).equals(hashRecoveryCode(other, same))).toBe(false);
  });

  it('remembers over a restart which code was the last', () => {
    const { key } = enrol();
    const code = appShows(key);
    valueOf(factors.check(user, code));
    expect(codeOf(openAgain().check(user, code))).toBe('second-factor-wrong');
  });

  it('is refused by the step as well as by the row: each alone stops a code that was used', () => {
    const secret = randomBytes(20);
    const facts = { atMs: nowMs, lastStep: totpStep(nowMs) };
    expect(codeOf(checkTotp(secret, totpCode(secret, facts.lastStep), facts))).toBe('second-factor-wrong');
  });

  it('is confirmed once: the recovery codes on paper stay good', () => {
    const { key, codes } = enrol();
    expect(codeOf(factors.confirm(user, appShows(key)))).toBe('second-factor-wrong');
    expect(codeOf(factors.check(user, codes[0] ?? ''))).toBe('ok');
  });

  it('has an address that a picture can hold, whatever the names', () => {
    for (const long of ['\u533b'.repeat(200), '\u{1f3e5}'.repeat(120)]) {
      const { uri } = openAgain(long).start({ userId: user, displayName: long });
      expect([uri.length < 1200, decodeURIComponent(uri).isWellFormed()]).toEqual([true, true]);
    }
  });

  it('says what a recovery code looks like when one was mistyped', () => {
    enrol();
    expect(factors.check(user, 'ABCDE-FGH1')).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/recovery code has ten/) },
    });
  });

  it('is gone with its codes when it is removed', () => {
    const { key, codes } = enrol();
    expect([factors.remove(user), factors.remove(user), factors.isEnrolled(user)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([codeOf(factors.check(user, appShows(key))), codeOf(factors.check(user, codes[0] ?? ''))]).toEqual(
      ['second-factor-wrong', 'second-factor-wrong'],
    );
  });
});

describe('AC-26: a seed', () => {
  it('stands in the encrypted file only, and the recovery codes nowhere', () => {
    const { key, codes } = enrol();
    const seed = Buffer.from(Secret.fromBase32(key.replaceAll(' ', '')).buffer);
    database.raw.pragma('wal_checkpoint(TRUNCATE)');
    const bytes = readFileSync(join(folder, 'x.db'));
    expect([bytes.includes(seed), ...codes.map((code) => bytes.includes(code))]).not.toContain(true);
    const stored = JSON.stringify(
      database.prepare<[], unknown>('SELECT hex(code_hash) AS h FROM recovery_codes').all(),
    );
    expect(codes.some((code) => stored.includes(code))).toBe(false);
  });
});
