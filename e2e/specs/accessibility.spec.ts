import type { Page } from '@playwright/test';
import { expectAccessible } from '../harness/accessible.ts';
import { administrator, clinician, patientReference } from '../harness/people.ts';
import {
  button,
  draftEnded,
  draftText,
  firstRun,
  modelReady,
  openRecord,
  signIn,
  signOut,
  sourceField,
  writeDraft,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

for (const theme of ['light', 'dark'] as const) {
  test(`every screen passes the accessibility rules in the ${theme} theme`, async ({ emptyHome, launch }) => {
    const app = await launch({ home: emptyHome, theme });
    const { page } = app;
    await firstRun(app, (name) => expectAccessible(page, name));
    await button(page, new RegExp(clinician.name)).click();
    await expectAccessible(page, 'sign-in');
    await signIn(page, clinician);
    await modelReady(page);
    await expectAccessible(page, 'empty workspace');
    await page.getByLabel('Patient reference').fill(patientReference);
    await sourceField(page).fill('A made-up cough.');
    await writeDraft(page, 'Visit summary');
    await expect(draftText(page)).toContainText(/\S{3}/);
    await button(page, 'Stop').click();
    await draftEnded(page);
    await expectAccessible(page, 'workspace with an unfinished draft');
    await button(page, 'Record').click();
    await openRecord(page, 'Draft requested');
    await page.getByTestId('payload-prompt').waitFor();
    await expectAccessible(page, 'record');
    await signOut(page);
    await signIn(page, administrator);
    await button(page, 'Models').click();
    await expectAccessible(page, 'models');
    await button(page, 'Record').click();
    await button(page, 'Export signed bundle').click();
    await expectAccessible(page, 'export');
  });
}

test('a note is written and accepted with the keyboard alone', async ({ home, launch }) => {
  const { page } = await launch({ home });
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await tabTo(page, new RegExp(clinician.name));
  await page.keyboard.press('Enter');
  await page.keyboard.type(clinician.passphrase);
  await page.keyboard.press('Enter');
  await modelReady(page);
  await tabTo(page, 'Patient reference');
  await page.keyboard.type(patientReference);
  await page.keyboard.press('Tab');
  await page.keyboard.type('A made-up cough for nine days.');
  await page.keyboard.press('Control+Enter');
  await expect(draftText(page)).toContainText(/\S{3}/);
  await page.keyboard.press('Escape');
  await draftEnded(page);
  await tabTo(page, 'Accept as final');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/Accepted as final · entry/)).toBeVisible();
});

/** Presses Tab until the element of that name has the focus, as a person would; fails when it cannot be reached. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const focused = page.locator(':focus');
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    const label = await focused.evaluate((element) => {
      const labels =
        element instanceof HTMLInputElement ? [...(element.labels ?? [])].map((each) => each.innerText) : [];
      return [element.getAttribute('aria-label'), ...labels, element.textContent].join(' ');
    });
    if (typeof name === 'string' ? label.includes(name) : name.test(label)) return;
  }
  throw new Error(`"${String(name)}" cannot be reached with the Tab key`);
}
