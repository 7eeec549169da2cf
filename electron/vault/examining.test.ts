import { beforeEach, describe, expect, it } from 'vitest';
import type { RequestInput } from '../shared/contract.ts';
import { entrySchema, userIdSchema } from '../shared/ids.ts';
import { localDay } from './log/log-index.ts';
import { writePolicyTo } from './vault-fixture.ts';
import { useVaultHome } from './vault-home-fixture.ts';

/** AC-08 and AC-13, asked as the screen asks. */
const passphrase = 'lantern orbit mustard willow seven';
const filter = { before: null, limit: 50, userId: null, type: null, patientReference: null } as const;
const today = { from: localDay(Date.now()), to: localDay(Date.now()) };

const home = useVaultHome();
beforeEach(async () => {
  await home.setUp();
});

async function addPerson(displayName: string, role: 'clinician' | 'auditor'): Promise<void> {
  await home.signIn('it-admin');
  const { userId, code } = await home.value('accounts.add', { displayName, role });
  await home.signOut();
  await home.value('session.signIn', { userId, passphrase: code });
  await home.value('session.choosePassphrase', { passphrase });
}
async function signInAgain(displayName: string): Promise<void> {
  const { users } = await home.value('app.getState', {});
  const userId = userIdSchema.parse(users.find((user) => user.displayName === displayName)?.userId);
  await home.value('session.signIn', { userId, passphrase });
}
const opened = async (patientReference: string, text: string): Promise<number> =>
  (await home.value('source.recordOpened', { patientReference, fileName: 'visit.txt', text })).entry;
const search = async (query: string, change: Partial<RequestInput<'log.search'>> = {}): Promise<number[]> =>
  (await home.value('log.search', { ...filter, ...change, query })).rows.map(({ row }) => row.entry);
const typesOf = async (type: 'log.searched' | 'log.viewed'): Promise<number> =>
  (await home.value('log.list', { ...filter, type })).rows.length;

describe('the search', () => {
  it('shows a clinician the own records alone, and where the word stands', async () => {
    await home.signIn('clinician');
    const own = await opened('SYN-7', 'A made-up visit because of vertigo.');
    const { rows } = await home.value('log.search', { ...filter, query: 'Vertigo' });
    expect(rows.map(({ row, place }) => [row.entry, place])).toEqual([
      [own, { field: 'content', before: 'A made-up visit because of ', match: 'vertigo', after: '.' }],
    ]);
    await home.signOut();
    await addPerson('Ben Bright', 'clinician');
    expect(await search('vertigo')).toEqual([]);
    expect(await search('vertigo', { patientReference: 'SYN-7' })).toEqual([]);
    await home.value('log.breakGlass', {
      patientReference: 'SYN-7',
      reason: 'Patient collapsed in the waiting room.',
    });
    expect(await search('vertigo')).toEqual([own]);
    const mine = await opened('SYN-8', 'Vertigo again.');
    expect(await search('vertigo', { limit: 1 })).toEqual([mine]);
    expect(await search('vertigo', { before: entrySchema.parse(mine) })).toEqual([own]);
  });

  it('is an event of its own whose words stand in no leaf, and not in the next search', async () => {
    await home.signIn('clinician');
    await search('unmistakable');
    await search('unmistakable');
    const { rows } = await home.value('log.list', { ...filter, type: 'log.searched' });
    expect(rows).toHaveLength(2);
    const record = await home.value('log.open', {
      entry: rows[0]?.entry ?? entrySchema.parse(0),
    });
    expect(record.leafJson).not.toContain('unmistakable');
    expect(record.payloads.map(({ field, text }) => [field, text])).toEqual([['query', 'unmistakable']]);
    await home.signOut();
    await home.signIn('it-admin');
    const asIt = await home.value('log.open', { entry: record.row.entry });
    expect(asIt.payloads.map(({ text, withheld }) => [text, withheld])).toEqual([[null, 'role']]);
  });

  it('is refused to IT, and to an auditor unless the policy lets auditors read', async () => {
    await home.signIn('clinician');
    const entry = await opened('SYN-7', 'vertigo');
    await home.signOut();
    await home.signIn('it-admin');
    const before = (await home.value('app.getState', {})).logSize;
    expect(await home.failure('log.search', { ...filter, query: 'vertigo' })).toBe('not-allowed');
    expect((await home.value('app.getState', {})).logSize).toBe(before);
    await home.signOut();
    await addPerson('Ada Audit', 'auditor');
    expect(await home.failure('log.search', { ...filter, query: 'vertigo' })).toBe('not-allowed');
    await home.signOut();
    writePolicyTo(home.folder, { auditorReadsText: true });
    await signInAgain('Ada Audit');
    expect(await search('vertigo')).toEqual([entry]);
    expect(await home.failure('log.search', { ...filter, query: ' * ' })).toBe('invalid-input');
    expect(await typesOf('log.searched')).toBe(1);
  });
});

describe('reviewing', () => {
  it('marks what comes after the last review, with a note that is a commitment', async () => {
    await addPerson('Ada Audit', 'auditor');
    const { rows } = await home.value('log.list', filter);
    const upTo = rows[1]?.entry ?? entrySchema.parse(0);
    const review = await home.value('log.review', { upTo, note: 'Nothing out of the ordinary.' });
    expect(review).toMatchObject({ from: 0, to: upTo });
    expect(await home.failure('log.review', { upTo, note: '' })).toBe('invalid-input');
    expect(await home.failure('log.review', { upTo: entrySchema.parse(100_000), note: '' })).toBe(
      'record-not-found',
    );
    const list = await home.value('log.list', filter);
    expect(list.rows.map((row) => [row.entry <= upTo, row.review?.name ?? null])).toEqual(
      list.rows.map((row) => [row.entry <= upTo, row.entry <= upTo ? 'Ada Audit' : null]),
    );
    const record = await home.value('log.open', { entry: review.entry });
    expect(record.leafJson).toContain(`"data":{"from":0,"to":${upTo}}`);
    expect(record.payloads.map(({ field, text }) => [field, text])).toEqual([
      ['note', 'Nothing out of the ordinary.'],
    ]);
    const next = await home.value('log.review', { upTo: review.entry, note: '' });
    expect(next.from).toBe(upTo + 1);
  });

  it('AC-13: IT is told what there is to look at', async () => {
    await home.signIn('it-admin');
    const before = await home.value('log.digest', today);
    expect(before).toMatchObject({ failedSignIns: 0, breakGlass: 0, lastReview: null, lastDeparture: null });
    await home.signOut();
    const userId = await home.idOf('clinician');
    await home.failure('session.signIn', { userId, passphrase: 'not this one' });
    await home.signIn('it-admin');
    const upTo = entrySchema.parse(3);
    await home.value('log.review', { upTo, note: '' });
    const after = await home.value('log.digest', today);
    expect(after).toMatchObject({ failedSignIns: 1, unreviewedDays: 0, lastReview: { upTo: 3 } });
    const { days } = await home.value('log.activity', today);
    expect(days).toEqual([{ day: today.from, entries: after.logSize, attention: after.attention }]);
  });

  it('is not for clinicians', async () => {
    await home.signIn('clinician');
    expect([
      await home.failure('log.review', { upTo: entrySchema.parse(0), note: '' }),
      await home.failure('log.digest', today),
      await home.failure('log.activity', today),
    ]).toEqual(['not-allowed', 'not-allowed', 'not-allowed']);
  });
});

describe('the order of the list', () => {
  it('AC-24: can be by time, user, type and outcome, each turned round', async () => {
    await addPerson('Ada Audit', 'auditor');
    await home.value('log.list', filter);
    const names = async (by: 'entry' | 'user' | 'type' | 'outcome', reversed: boolean) => {
      const { rows } = await home.value('log.list', {
        ...filter,
        limit: 200,
        order: { by, reversed },
      });
      return rows.map(
        (row) => ({ entry: row.entry, user: row.actorName ?? '~', type: row.type, outcome: row.outcome })[by],
      );
    };
    const blocks = (values: readonly unknown[]): unknown[] =>
      values.filter((value, index) => value !== values[index - 1]);
    for (const by of ['user', 'type', 'outcome'] as const) {
      const seen = blocks(await names(by, false));
      expect(seen).toHaveLength(new Set(seen).size);
      expect(blocks(await names(by, true))).toEqual(seen.toReversed());
    }
    const people = blocks(await names('user', false)).map(String);
    expect(people.slice(0, -1)).toEqual(people.slice(0, -1).toSorted((a, b) => a.localeCompare(b)));
    expect(people.at(-1)).toBe('~');
    expect(await names('entry', true)).toEqual((await names('entry', false)).toReversed());
  });
});
