import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunningApp } from '../harness/launch-app.ts';
import { giveToApp, processId } from '../harness/launch-app.ts';
import { administrator, clinician, patientReference, secondClinician } from '../harness/people.ts';
import { signedPolicy } from '../harness/policy.ts';
import { findInMemory, keyForms, processTree, textForms } from '../harness/process-memory.ts';
import {
  addPerson,
  button,
  draftText,
  enrol,
  modelReady,
  signIn,
  signOut,
  writeDraft,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

const canary = 'ZEBRAFINCH-4711-quillwort';

/** What each process of the app's tree still knows: "process: form". */
function remembered({ app }: RunningApp, needles: readonly Buffer[]): string[] {
  const root = app.process().pid;
  if (root === undefined) throw new Error('the app has no process');
  return processTree(root).flatMap(({ pid, command }) =>
    findInMemory(pid, needles).map((where) => `${command}: ${where}`),
  );
}

function databaseKey(hooks: string): Buffer {
  const { rawKey } = z.looseObject({ rawKey: z.string() }).parse(JSON.parse(readFileSync(hooks, 'utf8')));
  return Buffer.from(rawKey, 'hex');
}

/** A clinician at work: the canary as source, an answer on the screen, and a copy on its way. */
async function atWork({ page, home }: RunningApp): Promise<void> {
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  // By its path, and without `expect`: what the driver itself sends or reads goes through the main process and stays there.
  const file = join(home.folder, 'visit.txt');
  writeFileSync(file, `The patient keeps a ${canary} at home and coughs.`);
  giveToApp(file);
  await page.getByLabel('Open a text file').setInputFiles(file);
  await page.getByText('9 words').waitFor();
  await writeDraft(page, 'Visit summary');
  await draftText(page).filter({ hasText: /\S{3}/ }).waitFor();
}

test('AC-04: after a lock no process that saw the text or the key is left, and no memory holds them', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await atWork(app);
  await button(page, 'Edit').and(page.locator(':enabled')).waitFor({ timeout: 240_000 });
  const key = databaseKey(home.hooks);
  const before = remembered(app, [...textForms(canary), ...keyForms(key)]);
  // The control: while somebody is signed in the search finds both.
  expect(before.some((line) => line.includes('form 0'))).toBe(true);
  expect(remembered(app, keyForms(key)).length).toBeGreaterThan(0);
  const pids = new Set([
    await processId(app, 'Cloister vault'),
    await processId(app, 'Cloister inference'),
    await app.app.evaluate(
      ({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId() ?? 0,
    ),
  ]);

  await button(page, 'Lock').click();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  const root = app.app.process().pid ?? 0;
  await expect.poll(() => processTree(root).filter(({ pid }) => pids.has(pid))).toEqual([]);
  expect(remembered(app, keyForms(key))).toEqual([]);
  expect(remembered(app, textForms(canary))).toEqual([]);
});

test('AC-04: suspend and the lock of the system lock at once, and stop a running answer into the record', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await atWork(app);
  // How fast is measured in the bench (lock.ms).
  await app.app.evaluate(({ powerMonitor }) => powerMonitor.emit('suspend'));
  await expect(draftText(page)).toHaveCount(0);
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  await expect(page.getByText(/The computer was asleep/)).toBeVisible();
  await signIn(page, clinician);
  await button(page, 'Record').click();
  await expect(page.getByRole('row', { name: /Draft stopped/ })).toBeVisible();
  await app.app.evaluate(({ powerMonitor }) => powerMonitor.emit('lock-screen'));
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  // Once more where nobody is signed in: the screen stays as it is.
  await app.app.evaluate(({ powerMonitor }) => powerMonitor.emit('suspend'));
  await signIn(page, clinician);
});

test('nobody touches it for the minute that the policy gives: a warning, then the lock', async ({
  home,
  launch,
}) => {
  const policy = signedPolicy(home, { idleLockMinutes: 1 });
  const { page } = await launch({ home, environment: { CLOISTER_POLICY_FOLDER: policy } });
  await signIn(page, clinician);
  const warning = page.getByText(/locks in \d+ seconds/i);
  await warning.waitFor({ timeout: 120_000 });
  await page.getByRole('heading', { name: 'Locked' }).waitFor({ timeout: 120_000 });
  await expect(page.getByText(/Nobody used it for a minute, so it locked itself/)).toBeVisible();
  await signIn(page, clinician);
  await button(page, 'Record').click();
  await expect(page.getByRole('row', { name: /Locked/ }).first()).toBeVisible();
});

test('AC-04: another clinician signs in at the locked screen, in processes that never knew the first one', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await signIn(page, administrator);
  const code = await addPerson(page, secondClinician.name, 'Clinician');
  await signOut(page);
  await enrol(page, secondClinician.name, code, secondClinician.passphrase);
  await signOut(page);

  await atWork(app);
  const inference = await processId(app, 'Cloister inference');
  // The control: the process that answers knows the text while it answers.
  expect(findInMemory(inference, textForms(canary))).not.toEqual([]);
  await button(page, 'Lock').click();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  await expect(
    page.getByText(`What ${clinician.name} was writing is kept. It was locked by hand.`),
  ).toBeVisible();
  // How fast is measured in the bench (switch.ms).
  await signIn(page, secondClinician);
  await modelReady(page);
  await expect(page.getByRole('textbox', { name: 'Source' })).toHaveValue('');

  const next = await processId(app, 'Cloister inference');
  expect(next).not.toBe(inference);
  const root = app.app.process().pid ?? 0;
  expect(processTree(root).filter(({ pid }) => pid === inference)).toEqual([]);
  expect(findInMemory(next, textForms(canary))).toEqual([]);
  // What the first one was writing is theirs, and is there when they come back.
  await button(page, 'Lock').click();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  await signIn(page, clinician);
  await expect(page.getByRole('textbox', { name: 'Source' })).toHaveValue(new RegExp(canary));
});

test('the policy decides whether other programs may see the window, also a policy that came after the start', async ({
  home,
  launch,
}) => {
  const app = await launch({ home, environment: { CLOISTER_POLICY_FOLDER: join(home.folder, 'policy') } });
  const { page } = app;
  /** Linux can protect no window, so what the app asks for is heard at Electron's own call. */
  const asked = (): Promise<readonly boolean[]> =>
    app.app.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows();
      if (window === undefined) throw new Error('the app has no window');
      const known: { asked?: boolean[] } = window as never;
      if (known.asked !== undefined) return known.asked.splice(0);
      known.asked = [];
      window.setContentProtection = (isProtected) => known.asked?.push(isProtected);
      return [];
    });
  await asked();
  await signIn(page, clinician);
  expect(new Set(await asked())).toEqual(new Set([true]));

  signedPolicy(home, { screenCapture: 'allowed' });
  await button(page, 'Lock').click();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  await expect.poll(asked).toContain(false);
  await signIn(page, clinician);
  expect(await asked()).not.toContain(true);
});
