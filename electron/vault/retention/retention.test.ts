import { readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { entrySchema } from '../../shared/ids.ts';
import type { Role } from '../../shared/roles.ts';
import { createBundleFixture, runVerifier, type BundleFixture } from '../log/bundle-fixture.ts';
import { openReadOnlyDatabase } from '../database/open-database.ts';
import { openLogReader, openSnapshotReader } from '../log/log-reader.ts';
import { verifyLog, type LogCheck } from '../log/verify-log.ts';
import { beginRetention, type Retention } from '../session/retention.ts';
import { writePolicyTo } from '../vault-fixture.ts';
import { useVaultHome } from '../vault-home-fixture.ts';

/** AC-12. The record is a real encrypted file and only the clock is set by hand: ten years pass in a test. */
const start = Date.UTC(2026, 0, 5, 9);
const dayMs = 24 * 3_600_000;
const canary = 'zebrafinch';
const turnOf = (number: number): string => `${String(number).padStart(8, '0')}-1111-4111-8111-111111111111`;

let fixture: BundleFixture;
let notices: string[];
let later: (() => void)[];
let running: Retention | null;
beforeEach(() => {
  fixture = createBundleFixture();
  notices = [];
  later = [];
  running = null;
});
afterEach(() => {
  running?.stop();
  fixture.dispose();
});

/** The fixture's own first leaf is of 2026-11-23. @param years after that */
function write(years: number, days = 0): void {
  const date = new Date(Date.UTC(2026, 10, 24, 9));
  date.setUTCFullYear(date.getUTCFullYear() + years);
  fixture.clock.set(date.getTime() + days * dayMs);
}

/** A sign-in, and what happens by itself some time after it. */
function signIn(
  rules: { retentionYears?: number; legalHold?: boolean } = {},
  role: Role = 'clinician',
): Retention {
  running?.stop();
  const { actor, session, database, log } = fixture;
  running = beginRetention({
    session: {
      database,
      log,
      actor: { userId: actor.id, role, displayName: 'Made Up', sessionId: session },
    },
    rules: { retentionYears: 10, legalHold: false, ...rules },
    nowMs: fixture.clock.nowMs,
    onNotice: ({ message }) => notices.push(message),
    after: (_, act) => {
      later.push(act);
      return () => {
        later = later.filter((each) => each !== act);
      };
    },
  });
  runLater();
  return running;
}
function runLater(): void {
  for (let act = later.shift(); act !== undefined; act = later.shift()) act();
}

const eventSchema = z.object({ event: z.string(), data: z.unknown() });
const textsLeft = (): number =>
  fixture.database.prepare<[], { n: number }>('SELECT count(*) AS n FROM payloads').get()?.n ?? 0;
const steps = (): unknown[] =>
  fixture.database
    .prepare<[], { leaf: Buffer }>('SELECT leaf FROM leaves')
    .all()
    .map(({ leaf }) => eventSchema.parse(JSON.parse(leaf.toString())))
    .filter(({ event }) => event === 'retention.applied')
    .map(({ data }) => data);
const check = (): LogCheck => verifyLog(openLogReader(fixture.database), fixture.facts(), () => undefined);
/** All pages as they are under the encryption, those on the list of free pages included. */
const pages = (): string => fixture.database.raw.serialize().toString('latin1');
const words = (word: string): number =>
  fixture.query.page(
    {
      scope: { kind: 'all' },
      actor: null,
      type: null,
      patient: null,
      outcome: null,
      model: null,
      from: null,
      to: null,
      words: [word],
    },
    { order: { by: 'entry', oldestFirst: true }, after: null, limit: 1000 },
  ).length;

/** A canary in request, answer and copy, some of it on pages of its own. */
function writeCanaries(count: number): void {
  const { log, actor, session } = fixture;
  for (let number = 0; number < count; number += 1)
    log.append({
      type: 'clipboard.copied',
      actor,
      session,
      patient: null,
      outcome: 'success',
      data: { turn: null, characters: 5 },
      texts: { copied: `${canary} ${number} ${'x'.repeat(number * 97)}` },
    });
}

describe('AC-12: the texts of ten years ago', () => {
  it('are deleted with their salts and words, no day too early, and the entries are still proven', () => {
    writeCanaries(250);
    const written = textsLeft();
    // Some days more than ten years later: what was written then is what is due.
    write(9, 364);
    fixture.appendTurn(turnOf(1));
    signIn();
    expect(textsLeft()).toBe(written + 3);
    expect(words(canary)).toBe(250);
    expect(pages()).toContain(canary);

    write(10, 10);
    const before = check();
    signIn();
    expect(textsLeft()).toBe(3);
    expect(words(canary)).toBe(0);
    expect(pages()).not.toContain(canary);
    expect(statSync(`${fixture.path}-wal`).size).toBe(0);
    expect(readFileSync(fixture.path).includes(canary)).toBe(false);
    expect(steps()).toEqual([expect.objectContaining({ to: 251, years: 10 })]);
    expect(before).toMatchObject({ consistent: true, payloadsChecked: written + 3 });
    expect(check()).toMatchObject({ consistent: true, payloadsChecked: 3, problem: null });
    // Nothing more is due, and nothing more is written about it.
    signIn();
    expect(steps()).toHaveLength(1);
  });

  it('would still be found by this test without secure deletion', () => {
    writeCanaries(250);
    fixture.database.raw.pragma('secure_delete = OFF');
    fixture.database.execute("INSERT INTO search (search, rank) VALUES ('secure-delete', 0)");
    write(10, 10);
    signIn();
    expect(textsLeft()).toBe(0);
    expect(pages()).toContain(canary);
  });

  it('at the floor of six years stay six years, and go then', () => {
    writeCanaries(3);
    write(6, -3);
    signIn({ retentionYears: 6 });
    expect(textsLeft()).toBe(4);
    write(6, 6);
    signIn({ retentionYears: 6 });
    expect(textsLeft()).toBe(0);
  });

  it('stay under a legal hold, and for as long as the policy says', () => {
    writeCanaries(3);
    write(12);
    signIn({ legalHold: true });
    expect(running?.status()).toEqual({ years: 10, legalHold: true, due: null });
    expect(running?.confirm()).toBe(false);
    expect(textsLeft()).toBe(4);
    signIn({ retentionYears: 12 });
    expect(textsLeft()).toBe(4);
    signIn({ retentionYears: 11 }).confirm();
    expect(textsLeft()).toBe(0);
  });

  it('go on to be deleted after the process was killed in the middle, without another step', () => {
    writeCanaries(350);
    write(10, 10);
    const { retention, runOne } = signInSlowly();
    runOne();
    retention.stop();
    const left = textsLeft();
    expect(left).toBeGreaterThan(100);
    expect(check()).toMatchObject({ consistent: true, payloadsChecked: left });
    signIn();
    expect(textsLeft()).toBe(0);
    expect(steps()).toHaveLength(1);
  });
});

it('AC-12: the write-ahead log, where the deleted pages stand, is emptied when nobody reads any more, and after a kill', () => {
  writeCanaries(3);
  write(10, 10);
  const wal = `${fixture.path}-wal`;
  const reading = openReadOnlyDatabase(fixture.path, fixture.dek);
  openSnapshotReader(reading);
  const { retention, runOne } = signInSlowly();
  runOne();
  expect([textsLeft(), statSync(wal).size > 0]).toEqual([0, true]);
  // As if it was killed now; the next session has nothing to delete.
  retention.stop();
  const next = signInSlowly();
  next.runOne();
  expect(statSync(wal).size).toBeGreaterThan(0);
  reading.close();
  next.runOne();
  expect(statSync(wal).size).toBe(0);
  next.retention.stop();
});

function signInSlowly() {
  const acts: (() => void)[] = [];
  const { actor, session, database, log } = fixture;
  const retention = beginRetention({
    session: {
      database,
      log,
      actor: { userId: actor.id, role: 'clinician', displayName: '', sessionId: session },
    },
    rules: { retentionYears: 10, legalHold: false },
    nowMs: fixture.clock.nowMs,
    onNotice: () => undefined,
    after: (_, act) => {
      acts.push(act);
      return () => undefined;
    },
  });
  return { retention, runOne: () => acts.shift()?.() };
}

describe('a clock that jumped ahead', () => {
  it('deletes nothing by itself: an administrator is asked, and nobody else is', () => {
    writeCanaries(2);
    write(3);
    writeCanaries(2);
    write(40);
    signIn();
    expect([textsLeft(), notices]).toEqual([5, []]);
    const retention = signIn({}, 'it-admin');
    expect(textsLeft()).toBe(5);
    expect(notices.join()).toMatch(/the texts of 5 entries, from 2026-11-2\d on, are older than 2056-11-2\d/);
    expect(retention.status().due).toMatchObject({ entries: 5, needsConfirmation: true });
    expect(retention.confirm()).toBe(true);
    runLater();
    expect(textsLeft()).toBe(0);
    expect(check()).toMatchObject({ consistent: true });
  });
});

describe('AC-12: nobody deletes a text before its time', () => {
  it('not by SQL without a step, and not by a step that is no leaf', () => {
    writeCanaries(2);
    const { database } = fixture;
    expect(() => {
      database.execute('DELETE FROM payloads');
    }).toThrow(/by retention only/);
    expect(() => {
      database.execute('INSERT INTO retention_steps (seq, covered_to) VALUES (1, 99)');
    }).toThrow(/is a leaf/);
    write(10, 10);
    signIn();
    expect(() => {
      database.execute('UPDATE retention_steps SET covered_to = 99');
    }).toThrow(/never changed/);
    expect(() => {
      database.execute('DELETE FROM retention_steps');
    }).toThrow(/never removed/);
  });

  it('and where somebody with all keys did, every verifier names the first entry', async () => {
    writeCanaries(3);
    write(5);
    const { log, actor, session, database } = fixture;
    log.append(
      {
        type: 'retention.applied',
        actor,
        session,
        patient: null,
        outcome: 'success',
        data: { to: 3, before: new Date(start).toISOString(), years: 6 },
        texts: {},
      },
      (seq) => {
        database.execute(`INSERT INTO retention_steps (seq, covered_to) VALUES (${seq}, 3)`);
      },
    );
    database.execute('DELETE FROM payloads WHERE seq = 1');
    expect(check()).toMatchObject({ consistent: false, firstBadEntry: 1 });
    const { exitCode, out } = runVerifier(await fixture.write('early.zip'));
    expect([exitCode, out]).toEqual([1, expect.stringContaining('entry 1')]);
  });
});

it('AC-12: three verifiers accept a bundle and an extract without the deleted texts, and say how many', async () => {
  writeCanaries(4);
  write(10, 10);
  fixture.appendTurn(turnOf(2));
  signIn();
  const whole = runVerifier(await fixture.write('whole.zip'), '--json');
  expect(JSON.parse(whole.out)).toMatchObject({ ok: true, payloads: 3, deletedTexts: 5 });
  const selection = { by: 'entries', from: entrySchema.parse(2), to: entrySchema.parse(5) } as const;
  const extract = runVerifier(await fixture.write('part.zip', { selection }), '--json');
  expect(JSON.parse(extract.out)).toMatchObject({ ok: true, deletedTexts: 3 });
  // One that is missing behind them is not covered.
  fixture.database.execute('DROP TRIGGER payloads_no_delete');
  fixture.database.execute("DELETE FROM payloads WHERE field = 'prompt'");
  expect(check()).toMatchObject({ consistent: false, firstBadEntry: 5 });
  const { exitCode } = runVerifier(await fixture.write('late.zip'));
  expect(exitCode).toBe(1);
});

describe('AC-12: what the signed policy says of retention', () => {
  const home = useVaultHome();
  beforeEach(async () => {
    await home.setUp();
  });
  async function under(settings: Record<string, unknown>, version: number) {
    writePolicyTo(home.folder, settings, version);
    await home.restart();
    await home.signIn('it-admin');
    return home.value('retention.get', {});
  }

  it('is in force in the vault: ten years without a word of it, its years, and a hold', async () => {
    await home.signIn('it-admin');
    expect(await home.value('retention.get', {})).toMatchObject({ years: 10, legalHold: false });
    expect(await under({ retentionYears: 12 }, 1)).toMatchObject({ years: 12, legalHold: false });
    expect(await under({ retentionYears: 6, legalHold: true }, 2)).toMatchObject({
      years: 6,
      legalHold: true,
    });
  });

  it('below six years is signed for nobody', () => {
    expect(() => {
      writePolicyTo(home.folder, { retentionYears: 5 });
    }).toThrow(/retentionYears/);
  });
});
