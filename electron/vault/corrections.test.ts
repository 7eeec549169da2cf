import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { entrySchema, type Entry } from '../shared/ids.ts';
import {
  failureFrom,
  setUpFrom,
  signInFrom,
  startPlayedVault,
  valueFrom,
  type PlayedVault,
} from './vault-fixture.ts';

let folder: string;
let played: PlayedVault;
let opened: Entry;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-corrections-'));
  played = await startPlayedVault(folder, 'launch');
  await setUpFrom(played.page);
  await signInFrom(played.page, 'clinician');
  opened = await openSource('SYN-7');
});
afterEach(() => {
  played.vault.stop();
  rmSync(folder, { recursive: true });
});

async function openSource(patientReference: string): Promise<Entry> {
  const source = { patientReference, fileName: 'visit.txt', text: 'A made-up visit.' };
  return (await valueFrom(played.page, 'source.recordOpened', source)).entry;
}
const correct = (entry: number, patientReference: string | null = null) => ({
  entry: entrySchema.parse(entry),
  patientReference,
  correction: 'The made-up dose was 5 mg, not 50 mg.',
});
const view = (entry: Entry) => valueFrom(played.page, 'log.open', { entry });

it('AC-25: a correction is an entry of its own, and the two lead to each other', async () => {
  const { leafJson } = await view(opened);
  const first = await valueFrom(played.page, 'record.correct', correct(opened));
  const second = await valueFrom(played.page, 'record.correct', correct(first.entry));
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
  expect(await valueFrom(played.page, 'log.verify', {})).toMatchObject({ consistent: true });
});

it('AC-25: an entry that was filed under a wrong patient leads to the right one', async () => {
  const { entry } = await valueFrom(played.page, 'record.correct', correct(opened, 'SYN-8'));
  const filter = { before: null, limit: 50, userId: null, type: 'record.corrected' as const };
  const { rows } = await valueFrom(played.page, 'log.list', { ...filter, patientReference: 'syn-8' });
  expect(rows.map((row) => row.entry)).toEqual([entry]);
  expect(JSON.parse((await view(entry)).leafJson)).toMatchObject({
    data: { entry: opened, kind: 'patient' },
  });
  expect(await failureFrom(played.page, 'record.correct', correct(opened, ' syn-7'))).toBe('invalid-input');
});

it('refuses what there is nothing to correct about, and what the person may not see', async () => {
  const { logSize } = await valueFrom(played.page, 'app.getState', {});
  expect(await failureFrom(played.page, 'record.correct', correct(0))).toBe('record-not-found');
  expect(await failureFrom(played.page, 'record.correct', correct(logSize ?? 0))).toBe('record-not-found');
  expect(await failureFrom(played.page, 'record.correct', correct(opened, 'A-REAL-ONE'))).toBe(
    'synthetic-patients-only',
  );
  const filter = { before: null, limit: 50, userId: null, patientReference: null };
  const own = await valueFrom(played.page, 'log.list', { ...filter, type: 'session.signed-in' });
  expect(await failureFrom(played.page, 'record.correct', correct(own.rows[0]?.entry ?? -1))).toBe(
    'invalid-input',
  );
  const corrections = await valueFrom(played.page, 'log.list', { ...filter, type: 'record.corrected' });
  expect(corrections.rows).toEqual([]);
});

it('IT sees that there was a correction, and not what it says', async () => {
  const { entry } = await valueFrom(played.page, 'record.correct', correct(opened));
  await valueFrom(played.page, 'session.signOut', {});
  played.vault.stop();
  played = await startPlayedVault(folder, 'launch');
  await signInFrom(played.page, 'it-admin');
  expect(await view(entry)).toMatchObject({
    corrects: opened,
    correctable: false,
    payloads: [{ field: 'correction', text: null, withheld: 'role', matchesCommitment: true }],
  });
});
