import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { TOTP } from 'otpauth';
import { administrator, clinician } from '../harness/people.ts';
import { button, signIn, signOut } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

const passphrase = 'lantern orbit mustard willow seven';

async function choosePassphrase(page: Page, text: string): Promise<void> {
  await page.getByLabel('New passphrase', { exact: true }).fill(text);
  await page.getByLabel('Repeat the new passphrase').fill(text);
  await button(page, 'Use this passphrase').click();
}

/** What the authenticator app shows; a step further for each further sign-in within half a minute. */
function appShows(key: string, stepsAhead = 0): string {
  return new TOTP({ secret: key.replaceAll(' ', '') }).generate({
    timestamp: Date.now() + stepsAhead * 30_000,
  });
}

test('a person whom IT adds comes in with a one-time code, chooses a passphrase and sets up a second factor', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await signIn(page, administrator);
  await button(page, 'Accounts').click();
  await button(page, 'Add a person').click();
  await page.getByLabel('Name', { exact: true }).fill('Ada Auditor');
  await page.getByRole('radio', { name: 'Auditor' }).check();
  await button(page, 'Create account').click();
  const code = await page.getByTestId('one-time-code').innerText();
  await expect(button(page, 'Done')).toBeDisabled();
  await page.getByLabel('I have written it down or printed it').check();
  await button(page, 'Done').click();
  await expect(page.getByRole('row', { name: /Ada Auditor/ })).toContainText('Waiting for first sign-in');
  await signOut(page);

  await button(page, /Ada Auditor/).click();
  await page.getByLabel('One-time code').fill(code.toLowerCase());
  await button(page, 'Sign in').click();
  await page.getByRole('heading', { name: 'Choose your passphrase' }).waitFor();
  await page.getByLabel('New passphrase', { exact: true }).fill('auditor12345');
  await expect(page.getByText(/too easy to guess|made of names/)).toBeVisible();
  await choosePassphrase(page, passphrase);
  await button(page, 'Sign out').waitFor();

  await button(page, /Ada Auditor/).click();
  await button(page, 'Set up').click();
  await expect(page.getByRole('img', { name: /Scan this/ })).toBeVisible();
  const key = await page.getByTestId('second-factor-key').innerText();
  await page.getByLabel('Six digits that the app shows').fill(appShows(key));
  await button(page, 'Confirm').click();
  await expect(page.getByTestId('recovery-codes').getByRole('listitem')).toHaveCount(10);
  await page.getByLabel('I have kept these codes').check();
  await button(page, 'Close').click();
  await button(page, 'Close').click();
  await signOut(page);

  await button(page, /Ada Auditor/).click();
  await page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
  await button(page, 'Sign in').click();
  await page.getByLabel('Six digits').fill('000000');
  await expect(page.getByText(/not the code that the app shows/)).toBeVisible();
  await page.getByLabel('Six digits').fill(appShows(key, 1));
  await button(page, 'Sign out').waitFor();
  await expect(page.getByRole('heading', { name: 'Record' })).toBeVisible();
});

test('an account that is switched off is gone from the sign-in screen, and everybody else goes on', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await signIn(page, administrator);
  await button(page, 'Accounts').click();
  await button(page, `Manage ${clinician.name}`).click();
  await button(page, 'Switch off account').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await expect(page.getByText('The key of the record was changed.')).toBeVisible();
  await expect(button(page, new RegExp(clinician.name))).toHaveCount(0);
  await signIn(page, administrator);
  await button(page, 'Check the record now').click();
  await expect(page.getByText(/The record is whole/)).toBeVisible();
});

test('the policy page says what is set, and a broken policy makes everything strict and says so', async ({
  home,
  launch,
}) => {
  const folder = join(home.folder, 'policy');
  mkdirSync(join(folder, 'policy.note'), { recursive: true });
  const { page } = await launch({ home, environment: { CLOISTER_POLICY_FOLDER: folder } });
  await expect(page.getByText(/Every setting is at its strictest/)).toBeVisible();
  await button(page, new RegExp(administrator.name)).click();
  await page.getByLabel('Passphrase', { exact: true }).fill(administrator.passphrase);
  await button(page, 'Sign in').click();
  await page.getByRole('heading', { name: 'Set up your second factor' }).waitFor();
  const key = await page.getByTestId('second-factor-key').innerText();
  await page.getByLabel('Six digits').fill(appShows(key));
  await page.getByLabel('I have kept these codes').check();
  await button(page, 'Go on').click();
  await button(page, 'Policy').click();
  await expect(page.getByRole('row', { name: /idleLockMinutes/ })).toContainText('Strictest');
});

test('emergency access opens the records about one patient after a reason was given', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await signIn(page, clinician);
  await button(page, 'Record').click();
  await button(page, "Open another clinician's records").click();
  await page.getByRole('dialog').getByLabel('Patient reference').fill('SYN-404');
  await page.getByLabel('Why it is needed now').fill('short');
  await expect(button(page, 'Open and record')).toBeDisabled();
  await page.getByLabel('Why it is needed now').fill('Collapsed in the waiting room, no history.');
  await button(page, 'Open and record').click();
  await expect(page.getByText(/Nobody has recorded anything/)).toBeVisible();
  await button(page, 'Cancel').click();
  await button(page, /new entr/).click();
  await expect(page.getByRole('row', { name: /Emergency access/ })).toContainText('Attention');
});

test('nobody can sign in: a recovery key gives one administrator a new passphrase', async ({
  emptyHome,
  launch,
}) => {
  const { page } = await launch({ home: emptyHome });
  await button(page, 'Start set-up').click();
  await page.getByLabel('Organisation name').fill('Example Clinic');
  await page.getByLabel('Organisation domain').fill('clinic.example');
  await button(page, 'Continue').click();
  for (const person of [administrator, clinician]) {
    if (person === clinician) {
      await button(page, 'Create a recovery key').click();
      const text = (await page.getByTestId('recovery-key-text').innerText()).replaceAll(/\s+/g, '');
      await page.getByLabel(/Type or paste the recovery key/).fill(text);
      await button(page, 'Check this key').click();
      await page.getByRole('checkbox').check();
      await button(page, 'Continue').click();
      await page.evaluate((key) => {
        window.name = key;
      }, text);
    }
    await page.getByLabel('Name', { exact: true }).fill(person.name);
    await page.getByLabel('Passphrase', { exact: true }).fill(person.passphrase);
    await page.getByLabel('Repeat passphrase').fill(person.passphrase);
    await button(page, 'Continue').click();
  }
  await button(page, 'Finish set-up').click();
  await button(page, 'Go to sign-in').click();

  await button(page, /Nobody can sign in/).click();
  await page.getByLabel(/Recovery key, typed or pasted/).fill(await page.evaluate(() => window.name));
  await button(page, 'Open with this key').click();
  await choosePassphrase(page, passphrase);
  await button(page, 'Sign out').waitFor();
  await expect(page.getByRole('row', { name: /Recovery key used/ })).toContainText('Attention');
  await signOut(page);
  await signIn(page, { name: administrator.name, passphrase });
});
