import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import { answerSaveDialog, type RunningApp } from './launch-app.ts';
import { administrator, clinician, organisation } from './people.ts';

/** What a person does on each screen, by the words that stand there. A renamed button breaks one place. */

export type Shots = (name: string) => Promise<void>;
const noShots: Shots = async () => undefined;

/** The whole first run: organisation, administrator, two recovery keys (each proven), clinician. */
export async function firstRun({ page }: RunningApp, shot: Shots = noShots): Promise<void> {
  await shot('first-run-welcome');
  await button(page, 'Start set-up').click();

  await page.getByLabel('Organisation name').fill(organisation.name);
  await page.getByLabel('Organisation domain').fill(organisation.domain);
  await shot('first-run-organisation');
  await button(page, 'Continue').click();

  await fillPerson(page, administrator);
  await shot('first-run-administrator');
  await button(page, 'Continue').click();

  await createAndProveRecoveryKey(page, shot);
  await createAndProveRecoveryKey(page, noShots);
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
}

async function fillPerson(
  page: Page,
  person: { readonly name: string; readonly passphrase: string },
): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(person.name);
  await page.getByLabel('Passphrase', { exact: true }).fill(person.passphrase);
  await page.getByLabel('Repeat passphrase').fill(person.passphrase);
}

async function createAndProveRecoveryKey(page: Page, shot: Shots): Promise<void> {
  await button(page, 'Create a recovery key').click();
  const key = page.getByTestId('recovery-key-text');
  const text = (await key.innerText()).replaceAll(/\s+/g, '');
  await shot('first-run-recovery-key');
  await page.getByLabel('Type or paste the recovery key to prove that you kept it').fill(text);
  await button(page, 'Check this key').click();
  await expect(key).toHaveCount(0);
}

export async function signIn(
  page: Page,
  person: { readonly name: string; readonly passphrase: string },
): Promise<void> {
  await button(page, new RegExp(person.name)).click();
  await page.getByLabel('Passphrase', { exact: true }).fill(person.passphrase);
  await button(page, 'Sign in').click();
  await button(page, 'Sign out').waitFor();
}

export async function signOut(page: Page): Promise<void> {
  await button(page, 'Sign out').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

/** Waits until the model can be asked. */
export async function modelReady(page: Page): Promise<void> {
  await expect(page.getByText('Model ready')).toBeVisible({ timeout: 120_000 });
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

/** The draft is complete: only then can it be accepted. */
export async function draftEnded(page: Page): Promise<void> {
  await expect(button(page, 'Accept as final')).toBeEnabled({ timeout: 150_000 });
}

export async function exportBundle(
  { app, page }: RunningApp,
  path: string,
  text: 'withheld' | 'included',
  shot: Shots = noShots,
): Promise<void> {
  await button(page, 'Export signed bundle').click();
  const dialog = page.getByRole('dialog');
  if (text === 'included') await dialog.getByRole('radio', { name: /include/i }).check();
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
