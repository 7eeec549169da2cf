import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { prepareLaunch } from '../../build/setup/unprivileged.mjs';
import { processId } from '../harness/launch-app.ts';
import { clinician } from '../harness/people.ts';
import {
  button,
  draftText,
  midAnswer,
  modelReady,
  openRecord,
  signIn,
  unfinishedSign,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

test('AC-07: when the vault is killed generation stops, the app says so, and the record holds everything shown', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await midAnswer(app);
  const inferenceBefore = await processId(app, 'Cloister inference');
  const vault = await processId(app, 'Cloister vault');
  const shown = await draftText(page).innerText();
  process.kill(vault, 'SIGKILL');
  await expect(page.getByText(/Cloister stopped unexpectedly and has started again/)).toBeVisible();
  await expect(page.getByText('A made-up cough')).toHaveCount(0);
  await expect.poll(() => isAlive(inferenceBefore)).toBe(false);
  await signIn(page, clinician);
  await expect(unfinishedSign(page)).toBeVisible();
  const recorded = await draftText(page).innerText();
  expect(recorded.startsWith(shown)).toBe(true);
  await button(page, 'Record').click();
  await openRecord(page, 'Draft stopped');
  await expect(page.getByTestId('payload-response')).toContainText(shown.slice(0, 40));
  await button(page, 'Check the record now').click();
  await expect(page.getByText(/The record is whole/)).toBeVisible();
});

test('when inference is killed the answer is recorded as stopped with everything shown, and the next one works', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await midAnswer(app);
  process.kill(await processId(app, 'Cloister inference'), 'SIGKILL');
  await expect(page.getByRole('alert')).toContainText(
    'The model stopped unexpectedly. Everything that was shown is recorded',
  );
  await expect(unfinishedSign(page)).toBeVisible();
  const shown = await draftText(page).innerText();
  expect(shown).not.toBe('');
  await modelReady(page);
  await button(page, 'Write again').click();
  await expect(button(page, 'Stop')).toBeVisible();
  await button(page, 'Stop').click();
  await button(page, 'Record').click();
  await expect(page.getByRole('cell', { name: 'Process ended', exact: true })).toHaveCount(0);
  await openRecord(page, 'Draft stopped');
  await expect(page.getByText(/Proven: part of the record/)).toBeVisible();
});

test('lock in the middle of an answer stops it into the record and ends both processes', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await midAnswer(app);
  const before = [await processId(app, 'Cloister vault'), await processId(app, 'Cloister inference')];
  await page.keyboard.press('Control+l');
  await expect(page.getByRole('heading', { name: 'Locked' })).toBeVisible();
  await expect(page.getByText('A made-up cough')).toHaveCount(0);
  await expect.poll(() => before.filter(isAlive)).toEqual([]);
  await page.getByLabel('Passphrase', { exact: true }).fill(clinician.passphrase);
  await page.keyboard.press('Enter');
  await expect(unfinishedSign(page)).toBeVisible();
});

test('a second instance on the same data ends by itself and leaves the first one working', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { executablePath, appFolder } = prepareLaunch();
  const environment = { ...process.env, CLOISTER_DATA_FOLDER: home.data };
  const second = spawn(executablePath, [appFolder], { env: environment, stdio: 'ignore' });
  await once(second, 'exit');
  expect(second.exitCode).toBe(0);
  await signIn(app.page, clinician);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

// While one vault ends and the next begins, and while an answer runs: whenever somebody closes the window.
for (const afterMs of [0, 60, 90, 150, 300, 600]) {
  test(`quitting ${afterMs} ms after a sign-out ends the app and every process of it`, async ({
    home,
    launch,
  }) => {
    const app = await launch({ home });
    await signIn(app.page, clinician);
    await button(app.page, 'Sign out').click();
    await new Promise((resolve) => {
      setTimeout(resolve, afterMs);
    });
    const ended = once(app.app.process(), 'exit');
    await app.close();
    expect(await ended).toEqual([0, null]);
  });
}
