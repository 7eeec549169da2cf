import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout, modelCache } from '../../build/setup/cache-folder.mjs';
import { ownFolder } from '../../build/setup/unprivileged.mjs';
import { memberText, verify } from '../demo/bundle.ts';
import { administrator, clinician, patientReference } from '../harness/people.ts';
import {
  button,
  draftEnded,
  draftText,
  exportBundle,
  modelReady,
  openRecord,
  openSource,
  signIn,
  signOut,
  sourceField,
  writeDraft,
  unfinishedSign,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

const transcript = join(checkout, 'e2e/fixtures/visit-transcript.txt');

test('a clinician gets a note from the real model, accepts it, and IT exports what a stranger can check', async ({
  home,
  launch,
}) => {
  const app = await launch({
    home,
    modelsFolder: modelCache(),
    catalogue: null,
  });
  const { page } = app;
  await signIn(page, clinician);
  await modelReady(page);
  await openSource(page, patientReference, transcript);
  await writeDraft(page, 'SOAP note');
  await draftEnded(page);
  const draft = await draftText(page).innerText();
  expect(draft.length).toBeGreaterThan(100);
  await button(page, 'Edit').click();
  await page.getByLabel('Draft text').fill(`${draft}\nReviewed by hand.`);
  await button(page, 'Done').click();
  await button(page, 'Accept as final').click();
  await expect(page.getByText(/Accepted as final · entry/)).toBeVisible();
  await button(page, 'Record').click();
  await openRecord(page, 'Draft completed');
  await expect(page.getByTestId('payload-response')).toHaveText(draft, { useInnerText: true });
  await expect(page.getByText(/Proven: part of the record/)).toBeVisible();
  await openRecord(page, 'Note accepted');
  await expect(page.getByTestId('payload-diff')).toContainText('+Reviewed by hand.');

  for (const word of ['Harrow', 'lisinopril', 'salbutamol']) expect(filesWith(home.data, word)).toEqual([]);
  for (const file of ['cloister.db', 'cloister.db-wal', 'keyring.json']) {
    expect([file, statSync(join(home.data, file)).mode & 0o077]).toEqual([file, 0]);
  }

  await signOut(page);
  await signIn(page, administrator);
  await openRecord(page, 'Draft requested');
  await expect(page.getByText('Not shown to your role.').first()).toBeVisible();
  const target = join(home.folder, 'removable');
  ownFolder(target);
  const bundle = join(target, 'bundle.zip');
  await exportBundle(app, bundle);
  const key = join(home.folder, 'log.vkey');
  writeFileSync(key, memberText(bundle, 'keys/log.vkey'));
  expect(verify(bundle, key).exitCode).toBe(0);
  expect(readFileSync(bundle).includes('lisinopril')).toBe(false);
  acceptedByPublicTools(bundle);
});

/** The commands of README.txt, word for word. */
function acceptedByPublicTools(bundle: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-bundle-'));
  mkdirSync(folder, { recursive: true });
  execFileSync('unzip', ['-q', bundle, '-d', folder]);
  const commands = memberText(bundle, 'README.txt')
    .split('\n')
    .filter((line) => /^ {4}(sha256sum|ssh-keygen)/.test(line));
  expect(commands).toHaveLength(3);
  for (const command of commands) {
    const run = spawnSync('bash', ['--norc', '-c', command.trim()], { cwd: folder, encoding: 'utf8' });
    expect([command.trim(), run.status, run.stderr]).toEqual([command.trim(), 0, '']);
  }
}

function filesWith(folder: string, word: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(word))
    .map((entry) => entry.name);
}

test('a source that does not fit is refused by how much, recorded, and nothing of it is cut', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  const long = 'The patient coughs and rests. '.repeat(1200);
  await sourceField(page).fill(long);
  await writeDraft(page, 'Visit summary');
  await expect(page.getByRole('alert')).toContainText(
    /too long for the model, by about \d+ of its 6000 words .* Nothing was cut/,
  );
  await expect(sourceField(page)).toHaveValue(long);
  await button(page, 'Record').click();
  await openRecord(page, 'Request refused');
  await expect(page.getByText(/Proven: part of the record/)).toBeVisible();
});

test('what is on the desk survives sign-out, and a real patient is refused in a development build', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill('12345');
  await sourceField(page).fill('A made-up cough.');
  await writeDraft(page, 'Visit summary');
  await expect(page.getByRole('alert')).toContainText('made-up patients only');
  await signOut(page);
  await signIn(page, clinician);
  await expect(sourceField(page)).toHaveValue('A made-up cough.');
  await expect(page.getByLabel('Patient reference')).toHaveValue('12345');
});

test('stop keeps what was written, marked as unfinished', async ({ home, launch }) => {
  const { page } = await launch({ home });
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill('A made-up cough.');
  await writeDraft(page, 'Visit summary');
  await expect(draftText(page)).toContainText(/\S{3}/);
  await button(page, 'Stop').click();
  await expect(unfinishedSign(page)).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('You stopped this draft');
  await draftEnded(page);
});
