import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import { answerSaveDialog, type RunningApp } from './launch-app.ts';
import { administrator, clinician, organisation, patientReference } from './people.ts';

/** What a person does on each screen, by the words that stand there. A renamed button breaks one place. */

export type Shots = (name: string) => Promise<void>;
const noShots: Shots = async () => undefined;

/**
 * The whole first run: organisation, administrator, two recovery keys (each proven), clinician.
 * @returns the recovery keys
 */
export async function firstRun(
  { page }: RunningApp,
  shot: Shots = noShots,
): Promise<readonly [string, string]> {
  await shot('first-run-welcome');
  await button(page, 'Start set-up').click();

  await page.getByLabel('Organisation name').fill(organisation.name);
  await page.getByLabel('Organisation domain').fill(organisation.domain);
  await shot('first-run-organisation');
  await button(page, 'Continue').click();

  await fillPerson(page, administrator);
  await shot('first-run-administrator');
  await button(page, 'Continue').click();

  const recoveryKeys = [
    await createAndProveRecoveryKey(page, shot),
    await createAndProveRecoveryKey(page, noShots),
  ] as const;
  await shot('first-run-recovery-keys');
  await button(page, 'Continue').click();

  await fillPerson(page, clinician);
  await button(page, 'Continue').click();
  await shot('first-run-review');
  await button(page, 'Finish set-up').click();
  await button(page, 'Go to sign-in').waitFor();
  await shot('first-run-done');
  await button(page, 'Go to sign-in').click();
  await button(page, new RegExp(clinician.name)).waitFor();
  return recoveryKeys;
}

async function fillPerson(
  page: Page,
  person: { readonly name: string; readonly passphrase: string },
): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(person.name);
  await page.getByLabel('Passphrase', { exact: true }).fill(person.passphrase);
  await page.getByLabel('Repeat passphrase').fill(person.passphrase);
}

async function createAndProveRecoveryKey(page: Page, shot: Shots): Promise<string> {
  await button(page, 'Create a recovery key').click();
  const key = page.getByTestId('recovery-key-text');
  const text = (await key.innerText()).replaceAll(/\s+/g, '');
  await shot('first-run-recovery-key');
  await page.getByLabel('Type or paste the recovery key to prove that you kept it').fill(text);
  await button(page, 'Check this key').click();
  await expect(key).toHaveCount(0);
  return text;
}

export async function signIn(
  page: Page,
  person: { readonly name: string; readonly passphrase: string },
): Promise<void> {
  await givePassphrase(page, person);
  await button(page, 'Sign out').waitFor();
}

/** As far as the sign-in screen goes: what comes then is another screen's. */
export async function givePassphrase(
  page: Page,
  person: { readonly name: string; readonly passphrase: string },
): Promise<void> {
  await button(page, new RegExp(person.name)).click();
  await page.getByLabel('Passphrase', { exact: true }).fill(person.passphrase);
  await button(page, 'Sign in').click();
}

/** On the screen that asks for a passphrase of one's own. */
export async function choosePassphrase(page: Page, text: string): Promise<void> {
  await page.getByLabel('New passphrase', { exact: true }).fill(text);
  await page.getByLabel('Repeat the new passphrase').fill(text);
  await button(page, 'Use this passphrase').click();
}

/** An administrator, signed in, adds a person. @returns the one-time code */
export async function addPerson(page: Page, name: string, role: string): Promise<string> {
  await button(page, 'Accounts').click();
  await button(page, 'Add a person').click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('radio', { name: role }).check();
  await button(page, 'Create account').click();
  const code = await page.getByTestId('one-time-code').innerText();
  await expect(button(page, 'Done')).toBeDisabled();
  await page.getByLabel('I have written it down or printed it').check();
  await button(page, 'Done').click();
  return code;
}

/** The first sign-in of a person whom IT has added. */
export async function enrol(page: Page, name: string, code: string, passphrase: string): Promise<void> {
  await button(page, new RegExp(name)).click();
  await page.getByLabel('One-time code').fill(code);
  await button(page, 'Sign in').click();
  await choosePassphrase(page, passphrase);
  await button(page, 'Sign out').waitFor();
}

/** Nobody's passphrase opens the record: the administrator takes a recovery key, and chooses a new passphrase. */
export async function recoverWith(page: Page, recoveryKey: string, passphrase: string): Promise<void> {
  await button(page, /Nobody can sign in/).click();
  await page.getByLabel(/Recovery key, typed or pasted/).fill(recoveryKey);
  await button(page, 'Open with this key').click();
  await choosePassphrase(page, passphrase);
  await button(page, 'Sign out').waitFor();
}

export async function signOut(page: Page): Promise<void> {
  await button(page, 'Sign out').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

/** Waits until the model can be asked. */
export async function modelReady(page: Page): Promise<void> {
  await expect(page.getByText('Model ready')).toBeVisible({ timeout: 300_000 });
}

/** Opens a text file as a source. Its bytes are handed over: the app's user need not be able to read the checkout. */
export async function openSource(page: Page, reference: string, filePath: string): Promise<void> {
  await page.getByLabel('Patient reference').fill(reference);
  const file = { name: basename(filePath), mimeType: 'text/plain', buffer: readFileSync(filePath) };
  await page.getByLabel('Open a text file').setInputFiles(file);
  await expect(sourceField(page)).not.toHaveValue('');
}

export function sourceField(page: Page): Locator {
  return page.getByRole('textbox', { name: 'Source' });
}

export async function writeDraft(page: Page, task: string): Promise<void> {
  await page.getByRole('radio', { name: task }).check();
  await button(page, 'Write draft').click();
}

export function draftText(page: Page): Locator {
  return page.getByTestId('draft-text');
}

/** Signed in, with an answer of the small model running on the screen. */
export async function midAnswer({ page }: RunningApp): Promise<void> {
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill('A made-up cough for nine days.');
  await writeDraft(page, 'Visit summary');
  await expect(draftText(page)).toContainText(/\S{3}/);
}

/** What the shown draft says of itself while the model writes. */
export function writingSign(page: Page): Locator {
  return page.getByRole('status').filter({ hasText: /^Writing$/ });
}

/** What the shown draft says of itself when it did not come to its end. */
export function unfinishedSign(page: Page): Locator {
  return page.getByRole('region', { name: 'Text of the draft' }).getByText('Unfinished', { exact: true });
}

/** The draft is complete: only then can it be accepted. */
export async function draftEnded(page: Page): Promise<void> {
  await expect(button(page, 'Accept as final')).toBeEnabled({ timeout: 400_000 });
}

export async function exportBundle(
  { app, page }: RunningApp,
  path: string,
  shot: Shots = noShots,
): Promise<void> {
  await button(page, 'Export signed bundle').click();
  const dialog = page.getByRole('dialog');
  await shot('export');
  await answerSaveDialog(app, path);
  await dialog.getByRole('button', { name: 'Choose where to save' }).click();
  await expect(dialog.getByText(/SHA256:/)).toBeVisible();
  await shot('export-done');
  await dialog.getByRole('button', { name: 'Close' }).click();
}

export function button(page: Page, name: string | RegExp): Locator {
  return page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
}

/** Opens the newest entry of a type, by its words. */
export async function openRecord(page: Page, what: string): Promise<void> {
  const row = page
    .getByRole('row')
    .filter({ has: page.getByRole('cell', { name: what, exact: true }) })
    .first();
  await row.getByRole('button').click();
}
