import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { ownFolder } from '../../build/setup/unprivileged.mjs';
import { memberText, verify } from '../demo/bundle.ts';
import { answerSaveDialog, processId, type Home, type RunningApp } from '../harness/launch-app.ts';
import { administrator, clinician } from '../harness/people.ts';
import { signedPolicy } from '../harness/policy.ts';
import { addPerson, button, enrol, signIn, signOut, sourceField } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

const auditor = { name: 'Ada Auditor', passphrase: 'lantern orbit mustard willow seven' };

async function openDocument(page: Page, patientReference: string, text: string): Promise<void> {
  await page.getByLabel('Patient reference').fill(patientReference);
  const file = { name: 'visit.txt', mimeType: 'text/plain', buffer: Buffer.from(text) };
  await page.getByLabel('Open a text file').setInputFiles(file);
  await expect(sourceField(page)).toHaveValue(text);
}

const removable = (home: Home): string => {
  const folder = join(home.folder, 'removable');
  ownFolder(folder);
  return folder;
};

test('an auditor finds the entries about one patient, and exports those, some days, or a range', async ({
  home,
  launch,
}) => {
  const environment = { CLOISTER_POLICY_FOLDER: signedPolicy(home, { auditorReadsText: true }) };
  const { app, page } = await launch({ home, environment });
  await signIn(page, clinician);
  await openDocument(page, 'SYN-0001', 'A made-up cough.');
  await openDocument(page, 'SYN-0002', 'A made-up sprain.');
  await signOut(page);
  await signIn(page, administrator);
  const code = await addPerson(page, auditor.name, 'Auditor');
  await signOut(page);
  await enrol(page, auditor.name, code, auditor.passphrase);

  // Each look is an entry of the record: what is asked for is on the screen alone.
  await page.getByLabel('Patient', { exact: true }).fill('SYN-0002');
  await button(page, 'Show').click();
  await expect(page.getByRole('cell', { name: 'SYN-0001' })).toHaveCount(0);
  await expect(page.getByRole('cell', { name: 'SYN-0002' }).first()).toBeVisible();
  const today = await page.evaluate(() => {
    const now = new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()]
      .map((part) => String(part).padStart(2, '0'))
      .join('-');
  });
  await page.getByLabel('To', { exact: true }).fill('2020-01-31');
  await expect(page.getByText('No entry matches.')).toBeVisible();
  await page.getByLabel('To', { exact: true }).fill(today);
  await page.getByLabel('From', { exact: true }).fill(today);
  await expect(page.getByRole('cell', { name: 'SYN-0002' }).first()).toBeVisible();
  await button(page, 'Clear filters').click();
  await expect(page.getByRole('cell', { name: 'SYN-0001' }).first()).toBeVisible();

  const folder = removable(home);
  const dialog = page.getByRole('dialog');
  async function extract(name: string, choose: () => Promise<void>): Promise<string> {
    await button(page, 'Export signed bundle').click();
    await choose();
    const file = join(folder, name);
    await answerSaveDialog(app, file);
    await button(page, 'Choose where to save').click();
    await expect(dialog.getByText(/holds \d+ entr(?:y|ies)(?: of \d+|, the whole record)\./)).toBeVisible();
    await dialog.getByRole('button', { name: 'Close' }).click();
    const key = join(home.folder, 'log.vkey');
    writeFileSync(key, memberText(file, 'keys/log.vkey'));
    expect(verify(file, key)).toMatchObject({ exitCode: 0, answer: { ok: true } });
    return file;
  }
  const what = dialog.getByLabel('What to export');
  const ofPatient = await extract('patient.zip', async () => {
    await what.selectOption({ label: 'The entries about one patient' });
    await dialog.getByLabel('Patient reference').fill('SYN-0002');
    await dialog.getByRole('radio', { name: 'Include clinical text' }).check();
  });
  const texts = memberText(ofPatient, 'payloads.jsonl');
  expect([texts.includes('A made-up sprain.'), texts.includes('A made-up cough.')]).toEqual([true, false]);
  const ofToday = await extract('days.zip', async () => {
    await what.selectOption({ label: 'The entries of some days' });
    await dialog.getByLabel('From', { exact: true }).fill(today);
    await dialog.getByLabel('To', { exact: true }).fill(today);
  });
  expect(memberText(ofToday, 'events.jsonl')).toContain('"event":"document.opened"');
  const ofRange = await extract('range.zip', async () => {
    await what.selectOption({ label: 'A range of entries' });
    await dialog.getByLabel('First entry').fill('1');
    await dialog.getByLabel('Last entry').fill('3');
  });
  expect(memberText(ofRange, 'events.jsonl').trim().split('\n')).toHaveLength(3);
});

async function whileVaultStands(app: RunningApp, act: () => Promise<void>): Promise<void> {
  const vault = await processId(app, 'Cloister vault');
  process.kill(vault, 'SIGSTOP');
  try {
    await act();
  } finally {
    process.kill(vault, 'SIGCONT');
  }
}

test('an export shows that it runs, and leaves no file when it is stopped', async ({ home, launch }) => {
  const running = await launch({ home });
  const { app, page } = running;
  await signIn(page, administrator);
  const folder = removable(home);
  await button(page, 'Export signed bundle').click();
  const dialog = page.getByRole('dialog');
  await answerSaveDialog(app, join(folder, 'stopped.zip'));
  await whileVaultStands(running, async () => {
    await button(page, 'Choose where to save').click();
    await expect(dialog.getByRole('progressbar', { name: 'Writing the bundle' })).toBeVisible();
    await expect(dialog.getByText('0 %')).toBeVisible();
    await button(page, 'Stop the export').click();
    await expect(dialog.getByText('Stopping')).toBeVisible();
  });
  await expect(dialog.getByText(/Nothing was left behind/)).toBeVisible();
  expect(readdirSync(folder)).toEqual([]);
  await button(page, 'Choose where to save').click();
  await expect(dialog.getByText(/the whole record\.$/)).toBeVisible();
  expect(existsSync(join(folder, 'stopped.zip'))).toBe(true);
});

test('IT backs up the record, and is told what the copy holds and that it lies on the same disk', async ({
  home,
  launch,
}) => {
  const { app, page } = await launch({ home });
  await signIn(page, administrator);
  await button(page, 'Accounts').click();
  await button(page, 'Back up the record').click();
  const dialog = page.getByRole('dialog');
  const kept = join(removable(home), 'backup');
  await answerSaveDialog(app, kept);
  await dialog.getByRole('button', { name: 'Choose where and back up' }).click();
  await expect(dialog.getByText(/^The backup is in backup: \d+ entries, each read back/)).toBeVisible();
  expect(readdirSync(kept).toSorted()).toEqual(['cloister.db', 'keyring.json', 'manifest.json']);
  // It lies on the disk of the record itself.
  await expect(dialog.getByText(/lies on the disk of the record itself/)).toBeVisible();
});
