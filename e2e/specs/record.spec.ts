import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from '../../build/setup/unprivileged.mjs';
import { answerSaveDialog } from '../harness/launch-app.ts';
import { administrator, clinician, organisation, patientReference } from '../harness/people.ts';
import { button, modelReady, openRecord, signIn, signOut, sourceField } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

test('what is copied reaches the clipboard after it was recorded, by button and by keyboard alike', async ({
  home,
  launch,
}) => {
  const { app, page } = await launch({ home });
  await signIn(page, clinician);
  await modelReady(page);
  await sourceField(page).fill('A made-up cough for nine days.');
  await sourceField(page).selectText();
  await page.keyboard.press('Control+c');
  await expect
    .poll(() => app.evaluate(({ clipboard }) => clipboard.readText()))
    .toBe('A made-up cough for nine days.');
  await page.keyboard.press('Control+x');
  await expect(sourceField(page)).toHaveValue('');
  await button(page, 'Record').click();
  await openRecord(page, 'Copied');
  await expect(page.getByTestId('payload-copied')).toHaveText('A made-up cough for nine days.');
  await expect(page.getByRole('cell', { name: 'Copied', exact: true })).toHaveCount(2);
});

test('IT filters the record by user and by type; a clinician sees the own entries only', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await signIn(page, clinician);
  await button(page, 'Record').click();
  await expect(page.getByRole('cell', { name: 'Record begun' })).toHaveCount(0);
  await expect(page.getByLabel('User')).toHaveCount(0);
  await signOut(page);
  await signIn(page, administrator);
  await expect(page.getByRole('cell', { name: 'Record begun' })).toBeVisible();
  await page.getByLabel('User').selectOption({ label: clinician.name });
  await expect(page.getByRole('cell', { name: 'Record begun' })).toHaveCount(0);
  await expect(page.getByRole('cell', { name: clinician.name }).first()).toBeVisible();
  await expect(page.getByRole('cell', { name: administrator.name })).toHaveCount(0);
  await page.getByLabel('User').selectOption({ label: 'Everyone' });
  await page.getByLabel('Type').selectOption({ label: 'User added' });
  await expect(page.getByRole('row')).toHaveCount(3);
});

test('a recovery key is saved to another drive only, never to this disk', async ({ emptyHome, launch }) => {
  test.skip(process.getuid?.() !== 0, 'mounting a drive needs root');
  const drive = join(emptyHome.folder, 'drive');
  ownFolder(drive);
  const { app, page } = await launch({ home: emptyHome });
  await button(page, 'Start set-up').click();
  await page.getByLabel('Organisation name').fill(organisation.name);
  await page.getByLabel('Organisation domain').fill(organisation.domain);
  await button(page, 'Continue').click();
  await page.getByLabel('Name', { exact: true }).fill(administrator.name);
  await page.getByLabel('Passphrase', { exact: true }).fill(administrator.passphrase);
  await page.getByLabel('Repeat passphrase').fill(administrator.passphrase);
  await button(page, 'Continue').click();
  await button(page, 'Create a recovery key').click();
  const file = join(drive, 'recovery.txt');
  await answerSaveDialog(app, file);
  await button(page, 'Save to a removable drive').click();
  await expect(page.getByRole('alert')).toContainText('That place is on this computer');
  expect(existsSync(file)).toBe(false);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', drive]);
  try {
    ownFolder(drive);
    await button(page, 'Save to a removable drive').click();
    await expect(page.getByText('Saved as recovery.txt.')).toBeVisible();
    const shown = (await page.getByTestId('recovery-key-text').innerText()).replaceAll(/\s+/g, '');
    expect(readFileSync(file, 'utf8')).toContain(shown);
    await page.getByLabel('Or open the saved file').setInputFiles(file);
    await expect(page.getByText('Proven', { exact: true })).toBeVisible();
  } finally {
    execFileSync('umount', ['--lazy', drive]);
  }
});

test('a file that is not text is refused in words, and one that is text is recorded before it is shown', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await signIn(page, clinician);
  await page.getByLabel('Patient reference').fill(patientReference);
  const files = page.getByLabel('Open a text file');
  await files.setInputFiles({
    name: 'scan.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from([0x25, 0x50, 0xff, 0xfe]),
  });
  await expect(page.getByRole('alert')).toContainText('This file is not plain text');
  await expect(sourceField(page)).toHaveValue('');
  await files.setInputFiles({
    name: 'visit.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('A made-up cough.'),
  });
  await expect(sourceField(page)).toHaveValue('A made-up cough.');
  await button(page, 'Record').click();
  await openRecord(page, 'Document opened');
  await expect(page.getByTestId('payload-fileName')).toHaveText('visit.txt');
});
