import type { Page } from '@playwright/test';
import { administrator, clinician, patientReference } from '../harness/people.ts';
import { button, modelReady, openRecord, signIn, signOut, sourceField } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

const copies = 140;
const source = 'A made-up cough for nine days, and vertigo.';

/** A record that is longer than what one screen or one page of the list holds: copying is recorded. */
async function writeLongRecord(page: Page): Promise<void> {
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill(source);
  await sourceField(page).selectText();
  for (let count = 0; count < copies; count += 1) await page.keyboard.press('Control+c');
  await expect
    .poll(async () => Number(/\d+/.exec(await page.getByText(/Recorded · \d+ entries/).innerText())?.[0]))
    .toBeGreaterThan(copies);
  await button(page, 'Record').click();
}

const entries = (page: Page) => button(page, /^Open entry \d+$/);

test('AC-24: a clinician searches the texts, and walks a long record with the keyboard alone', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await writeLongRecord(page);

  const search = page.getByLabel('Search in the texts');
  await search.fill('cough verti');
  await page.keyboard.press('Enter');
  await expect(page.locator('mark').first()).toHaveText('cough');
  await search.fill('cough zebra');
  await page.keyboard.press('Enter');
  await expect(page.getByText('No entry that you may read holds all of these words.')).toBeVisible();
  await button(page, 'End the search').click();

  await entries(page).first().focus();
  await expect(async () => {
    await page.keyboard.press('End');
    await expect(button(page, 'Open entry 0')).toBeHidden();
    // Signed in: the first entry that is this clinician's own.
    await expect(page.locator(':focus')).toHaveAccessibleName('Open entry 5', { timeout: 500 });
  }).toPass();
  expect(await entries(page).count()).toBeLessThan(60);
  await page.keyboard.press('Home');
  await expect(page.locator(':focus')).toHaveAccessibleName(/^Open entry 1\d\d$/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/Proven: part of the record of/)).toBeVisible();
  await expect(page.getByText('Nobody has marked this entry as reviewed.')).toBeVisible();

  await openRecord(page, 'Record searched');
  await expect(page.getByTestId('payload-query')).toContainText(/cough/);
});

test('IT sees the period at a glance, orders the record, and marks what was looked at as reviewed', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await writeLongRecord(page);
  await signOut(page);
  await signIn(page, administrator);

  await expect(page.getByLabel('Search in the texts')).toHaveCount(0);
  await expect(page.getByRole('img', { name: /^Entries a day from/ })).toBeVisible();
  const glance = page.getByRole('region', { name: 'At a glance' });
  await expect(glance.getByText('Never')).toBeVisible();

  await button(page, 'Who').click();
  await expect(page.getByRole('columnheader', { name: 'Who' })).toHaveAttribute('aria-sort', /ending$/);
  await page.getByLabel('Outcome').selectOption({ label: 'Refused' });
  await expect(page.getByText('No entry matches.')).toBeVisible();
  await button(page, 'Clear filters').click();
  await expect(entries(page).first()).toBeVisible();

  await button(page, 'Mark as reviewed').click();
  const upTo = page.getByLabel('Up to and including entry');
  await upTo.fill('100000');
  await expect(button(page, 'Mark and record')).toBeDisabled();
  await upTo.fill('20');
  await page.getByLabel('Note').fill('Looked at together with the clinic lead.');
  await button(page, 'Mark and record').click();
  await expect(page.getByText(/^Entries 0 to 20 are marked as reviewed by you: entry \d+\.$/)).toBeVisible();

  await button(page, 'Entry').click();
  await button(page, 'Entry').click();
  await button(page, 'Open entry 3').click();
  await expect(page.getByText(`Reviewed by ${administrator.name} on`)).toBeVisible();
});

test('AC-25: an entry is corrected by another entry, and the two lead to each other', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await signIn(page, clinician);
  await page.getByLabel('Patient reference').fill(patientReference);
  const file = { name: 'visit.txt', mimeType: 'text/plain', buffer: Buffer.from(source) };
  await page.getByLabel('Open a text file').setInputFiles(file);
  await expect(sourceField(page)).not.toHaveValue('');
  await button(page, 'Record').click();
  await openRecord(page, 'Document opened');
  await button(page, 'Correct this entry').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('It belongs to another patient').check();
  await dialog.getByLabel('Patient reference it belongs to').fill(`${patientReference}-B`);
  await dialog.getByLabel('What is right, or why').fill('Opened under the wrong made-up patient.');
  await dialog.getByRole('button', { name: 'Record the correction' }).click();
  await button(page, /^Corrected by entry \d+$/).click();
  await expect(page.getByTestId('payload-correction')).toHaveText('Opened under the wrong made-up patient.');
  await button(page, /^Corrects entry \d+$/).click();
  await expect(page.getByTestId('payload-content')).toHaveText(source);
});
