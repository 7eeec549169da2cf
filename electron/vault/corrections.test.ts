import { beforeEach, expect, it } from 'vitest';
import { entrySchema, type Entry } from '../shared/ids.ts';
import { useVaultHome } from './vault-home-fixture.ts';

const home = useVaultHome();
let opened: Entry;
beforeEach(async () => {
  await home.setUp();
  await home.signIn('clinician');
  opened = await openSource('SYN-7');
});

async function openSource(patientReference: string): Promise<Entry> {
  const source = { patientReference, fileName: 'visit.txt', text: 'A made-up visit.' };
  return (await home.value('source.recordOpened', source)).entry;
}
const correct = (entry: number, patientReference: string | null = null) => ({
  entry: entrySchema.parse(entry),
  patientReference,
  correction: 'The made-up dose was 5 mg, not 50 mg.',
});
const view = (entry: Entry) => home.value('log.open', { entry });

it('AC-25: a correction is an entry of its own, and the two lead to each other', async () => {
  const { leafJson } = await view(opened);
  const first = await home.value('record.correct', correct(opened));
  const second = await home.value('record.correct', correct(first.entry));
  expect(await view(opened)).toMatchObject({
    leafJson,
    corrects: null,
    correctedBy: [first.entry],
    correctable: true,
  });
  expect(await view(first.entry)).toMatchObject({
    row: { type: 'record.corrected', patientReference: 'SYN-7' },
    corrects: opened,
    correctedBy: [second.entry],
    payloads: [
      { field: 'correction', text: 'The made-up dose was 5 mg, not 50 mg.', matchesCommitment: true },
    ],
  });
  expect(await home.value('log.verify', {})).toMatchObject({ consistent: true });
});

it('AC-25: an entry that was filed under a wrong patient leads to the right one', async () => {
  const { entry } = await home.value('record.correct', correct(opened, 'SYN-8'));
  const filter = { before: null, limit: 50, userId: null, type: 'record.corrected' as const };
  const { rows } = await home.value('log.list', { ...filter, patientReference: 'syn-8' });
  expect(rows.map((row) => row.entry)).toEqual([entry]);
  expect(JSON.parse((await view(entry)).leafJson)).toMatchObject({
    data: { entry: opened, kind: 'patient' },
  });
  expect(await home.failure('record.correct', correct(opened, ' syn-7'))).toBe('invalid-input');
});

it('refuses what there is nothing to correct about, and what the person may not see', async () => {
  const { logSize } = await home.value('app.getState', {});
  expect(await home.failure('record.correct', correct(0))).toBe('record-not-found');
  expect(await home.failure('record.correct', correct(logSize ?? 0))).toBe('record-not-found');
  expect(await home.failure('record.correct', correct(opened, 'A-REAL-ONE'))).toBe('synthetic-patients-only');
  const filter = { before: null, limit: 50, userId: null, patientReference: null };
  const own = await home.value('log.list', { ...filter, type: 'session.signed-in' });
  expect(await home.failure('record.correct', correct(own.rows[0]?.entry ?? -1))).toBe('invalid-input');
  const corrections = await home.value('log.list', { ...filter, type: 'record.corrected' });
  expect(corrections.rows).toEqual([]);
});

it('IT sees that there was a correction, and not what it says', async () => {
  const { entry } = await home.value('record.correct', correct(opened));
  await home.value('session.signOut', {});
  await home.restart();
  await home.signIn('it-admin');
  expect(await view(entry)).toMatchObject({
    corrects: opened,
    correctable: false,
    payloads: [{ field: 'correction', text: null, withheld: 'role', matchesCommitment: true }],
  });
});
