import { clinician, patientReference } from '../harness/people.ts';
import {
  button,
  draftEnded,
  modelReady,
  openRecord,
  signIn,
  signOut,
  sourceField,
  writeDraft,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';
import { withModel } from '../harness/tiny-model.ts';

test('a draft that is written again from its record has the same words, in this session and in a fresh model process', async ({
  home,
  quickModels,
  launch,
}) => {
  const { page } = await launch({ home, ...withModel(quickModels) });
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill('The patient came with a cough and fever. '.repeat(20));
  await writeDraft(page, 'SOAP note');
  await draftEnded(page);
  await button(page, 'Record').click();
  await openRecord(page, 'Draft completed');
  const same = page.getByText(/The same words, to the last character\. Recorded as entry \d+\./);
  await button(page, 'Write again and compare').click();
  await expect(same).toBeVisible({ timeout: 240_000 });

  await signOut(page);
  await signIn(page, clinician);
  await modelReady(page);
  await button(page, 'Record').click();
  await openRecord(page, 'Draft requested');
  await button(page, 'Write again and compare').click();
  await expect(same).toBeVisible({ timeout: 240_000 });
  await expect(page.getByRole('cell', { name: 'Draft written again to compare' }).first()).toBeVisible();
});
