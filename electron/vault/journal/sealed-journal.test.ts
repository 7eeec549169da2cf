import { randomBytes, randomUUID } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userIdSchema } from '../../shared/ids.ts';
import { codeOf, valueOf } from '../keys/keys-fixture.ts';
import { systemClock } from '../log/clock.ts';
import type { JournalEvent } from './journal-event.ts';
import { linesFile, macOf, nextChainKey, stateFile } from './journal-files.ts';
import {
  createJournalSecrets,
  openSealedJournal,
  type JournalSecrets,
  type SealedJournal,
} from './sealed-journal.ts';

const user = userIdSchema.parse(randomUUID());
const wrong: JournalEvent = { type: 'sign-in.failed', user, reason: 'passphrase' };
const ended = (exitCode: number): JournalEvent => ({ type: 'process.ended', process: 'inference', exitCode });

let folder: string;
let journal: SealedJournal;
let secrets: JournalSecrets;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-journal-'));
  journal = openSealedJournal({ folder, clock: systemClock() });
  secrets = await createJournalSecrets();
  valueOf(await journal.replace(secrets));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const linesPath = () => join(folder, linesFile(secrets.journalId));
const lines = () => readFileSync(linesPath(), 'utf8').trimEnd().split('\n');
const writeLines = (text: readonly string[]) =>
  writeFileSync(linesPath(), text.map((line) => `${line}\n`).join(''));
async function write(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) valueOf(await journal.append(ended(n)));
}
/** What the next sign-in would be told: exit codes stand for the events. */
async function told(of: JournalSecrets = secrets) {
  const fold = await openSealedJournal({ folder, clock: systemClock() }).fold(of);
  const codes = fold.events.map(({ event }) =>
    event.type === 'process.ended' ? event.exitCode : event.type,
  );
  return { codes, dropped: fold.dropped, folded: fold.folded, problem: fold.problem };
}

describe('what happens while nobody is signed in', () => {
  it('is told in order, with when it was seen', async () => {
    valueOf(await journal.append(wrong));
    const fold = await journal.fold(secrets);
    expect(fold.events).toEqual([
      { at: expect.any(String), monotonicMs: expect.any(Number), bootId: systemClock().bootId, event: wrong },
    ]);
    await write(3);
    expect(await told()).toEqual({
      codes: ['sign-in.failed', 0, 1, 2],
      dropped: 0,
      folded: 4,
      problem: null,
    });
  });

  it('cannot be read back on this computer: no word of it, and every line has the same length', async () => {
    for (const event of [
      wrong,
      ended(1),
      ended(100_000),
      { type: 'policy.problem', code: 'policy-missing' } as const,
    ])
      valueOf(await journal.append(event));
    const text = readFileSync(linesPath(), 'utf8');
    for (const word of [user, 'passphrase', 'inference', 'policy']) expect(text.includes(word)).toBe(false);
    expect(new Set(lines().map((line) => line.length)).size).toBe(1);
    const stranger = await createJournalSecrets();
    expect((await told({ ...secrets, identity: stranger.identity })).codes).toEqual([]);
  });

  it('stands in files for this account alone', async () => {
    await write(1);
    for (const file of readdirSync(folder))
      expect([file, statSync(join(folder, file)).mode & 0o077]).toEqual([file, 0]);
  });

  it('is told once: what was folded before is passed over', async () => {
    await write(2);
    const { folded } = await told();
    await write(2);
    expect(await told({ ...secrets, folded })).toMatchObject({ codes: [0, 1], folded: 4 });
  });

  it('is kept when several things happen at once', async () => {
    await Promise.all([0, 1, 2, 3, 4].map((code) => journal.append(ended(code))));
    expect((await told()).codes).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('somebody who holds the files, the chain key of now included', () => {
  it('rewrites no earlier line', async () => {
    await write(3);
    const state = JSON.parse(readFileSync(join(folder, stateFile), 'utf8')) as { chainKey: string };
    const [first = '', second = '', third = ''] = lines();
    const { sealed } = JSON.parse(first) as { sealed: string };
    const mac = macOf(Buffer.from(state.chainKey, 'base64'), secrets.journalId, 1, sealed).toString('base64');
    writeLines([first, JSON.stringify({ mac, n: 1, sealed }), third]);
    expect(await told()).toMatchObject({ codes: [0], problem: 'journal-line-changed' });
    writeLines([first, second, third]);
    expect((await told()).problem).toBe(null);
  });

  it.each([
    ['takes the last line', (all: string[]) => all.slice(0, -1), [0, 1], 'journal-cut'],
    ['takes the first line', (all: string[]) => all.slice(1), [], 'journal-line-changed'],
    ['swaps two lines', ([a = '', b = '', c = '']: string[]) => [b, a, c], [], 'journal-line-changed'],
    ['doubles a line', ([a = '', ...rest]: string[]) => [a, a, ...rest], [0], 'journal-line-changed'],
    ['takes all lines', () => [], [], 'journal-cut'],
  ] as const)('is found out when he %s', async (_, change, codes, problem) => {
    await write(3);
    writeLines(change(lines()));
    expect(await told()).toMatchObject({ codes, problem });
  });

  it('is found out when he takes the state, winds it back by hand, or puts another journal in its place', async () => {
    await write(3);
    const state = readFileSync(join(folder, stateFile), 'utf8');
    writeFileSync(join(folder, stateFile), state.replace('"entries":3', '"entries":2'));
    writeLines(lines().slice(0, 2));
    expect((await told()).problem).toBe('journal-state-changed');
    rmSync(join(folder, stateFile));
    expect([(await told()).problem, codeOf(await journal.append(wrong))]).toEqual([
      'journal-missing',
      'data-folder-not-writable',
    ]);
    valueOf(await journal.replace(await createJournalSecrets()));
    expect((await told()).problem).toBe('journal-state-changed');
  });

  it('never makes up an event, whatever byte is changed', async () => {
    await write(3);
    const before = new Map([linesPath(), join(folder, stateFile)].map((path) => [path, readFileSync(path)]));
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.nat(), fc.integer({ min: 1, max: 255 }), async (state, at, by) => {
        const path = state ? join(folder, stateFile) : linesPath();
        const bytes = Buffer.from(before.get(path) ?? '');
        const place = at % bytes.byteLength;
        bytes[place] = (bytes[place] ?? 0) ^ by;
        writeFileSync(path, bytes);
        const { codes, problem } = await told();
        writeFileSync(path, before.get(path) ?? '');
        expect([0, 1, 2].slice(0, codes.length)).toEqual(codes);
        expect(codes.length < 3 ? problem !== null : true).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a journal that is full', () => {
  it('counts what it drops, and the count can be proven', async () => {
    await write(1);
    const line = lines()[0] ?? '';
    // Filled by hand: a thousand real events take long.
    const filler = `${'x'.repeat(line.length)}\n`.repeat(Math.ceil((1024 * 1024) / line.length));
    writeFileSync(linesPath(), `${line}\n${filler}`);
    const filled = readFileSync(linesPath(), 'utf8').split('\n').length - 1;
    const statePath = join(folder, stateFile);
    const state = JSON.parse(readFileSync(statePath, 'utf8')) as Record<string, unknown>;
    writeFileSync(statePath, `${canonical({ ...state, entries: filled })}\n`);
    valueOf(await journal.append(ended(7)));
    valueOf(await journal.append(ended(8)));
    const after = JSON.parse(readFileSync(statePath, 'utf8')) as { dropped: number; chainKey: string };
    const expected = nextChainKey(nextChainKey(Buffer.from(String(state['chainKey']), 'base64'))).toString(
      'base64',
    );
    expect([after.dropped, after.chainKey]).toEqual([2, expected]);
  });
});

describe('a kill', () => {
  it('between a line and its state loses nothing and repairs itself', async () => {
    await write(2);
    const state = readFileSync(join(folder, stateFile));
    await write(1);
    writeFileSync(join(folder, stateFile), state);
    expect((await told()).codes).toEqual([0, 1, 0]);
    valueOf(await journal.append(ended(9)));
    expect(await told()).toMatchObject({ codes: [0, 1, 0, 9], problem: null });
  });

  it('in the middle of a line leaves the lines before', async () => {
    await write(2);
    writeFileSync(linesPath(), `${readFileSync(linesPath(), 'utf8')}{"mac":"half`);
    expect((await told()).codes).toEqual([0, 1]);
    valueOf(await journal.append(ended(5)));
    expect(await told()).toMatchObject({ codes: [0, 1, 5], problem: null });
  });

  it('leaves two lines more than the state only when somebody put them there', async () => {
    await write(1);
    const state = readFileSync(join(folder, stateFile));
    await write(2);
    writeFileSync(join(folder, stateFile), state);
    expect([(await told()).problem, codeOf(await journal.append(wrong))]).toEqual([
      'journal-state-changed',
      'data-folder-not-writable',
    ]);
  });
});

describe('an event that cannot be written', () => {
  it('is refused with a sentence, and the lines before stay', async () => {
    await write(1);
    const kept = mkdtempSync(join(tmpdir(), 'cloister-journal-kept-'));
    cpSync(folder, kept, { recursive: true });
    rmSync(linesPath());
    mkdirSync(linesPath());
    expect(codeOf(await journal.append(wrong))).toBe('data-folder-not-writable');
    rmSync(folder, { recursive: true });
    cpSync(kept, folder, { recursive: true });
    rmSync(kept, { recursive: true });
    valueOf(await journal.append(ended(3)));
    expect((await told()).codes).toEqual([0, 3]);
  });
});

/** The one form of an object without nesting. */
function canonical(value: Record<string, unknown>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

it('has a fresh key for each journal', async () => {
  const other = await createJournalSecrets();
  expect([
    other.journalId === secrets.journalId,
    Buffer.from(other.chainKey).equals(randomBytes(32)),
  ]).toEqual([false, false]);
});
