import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processId, type RunningApp } from '../harness/launch-app.ts';
import { clinician, patientReference } from '../harness/people.ts';
import {
  button,
  draftEnded,
  draftText,
  midAnswer,
  modelReady,
  openRecord,
  signIn,
  signOut,
  sourceField,
  writeDraft,
  unfinishedSign,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';
import { writeTinyModels } from '../harness/tiny-model.ts';

async function nextDraftWorks({ page }: RunningApp): Promise<void> {
  await modelReady(page);
  await button(page, /^Write (again|draft)$/).click();
  await draftEnded(page);
}

test('a model that hangs is ended and said, everything shown is recorded, and the next draft works', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await midAnswer(app);
  const inference = await processId(app, 'Cloister inference');
  process.kill(inference, 'SIGSTOP');
  // How soon is measured in engine-watchdog.test.ts: this machine may be busy.
  await expect(page.getByText('The model has said nothing for 5 seconds.')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('alert')).toContainText('The model said nothing for 20 seconds', {
    timeout: 120_000,
  });
  await expect(unfinishedSign(page)).toBeVisible();
  // It had begun to write, so it had read the source.
  await expect(page.getByText('The model read all 30 characters of the source.')).toBeVisible();
  expect(await processId(app, 'Cloister inference').catch(() => inference)).not.toBe(inference);
  await nextDraftWorks(app);
  await button(page, 'Record').click();
  await openRecord(page, 'Draft stopped');
  await expect(page.getByText(/Proven: part of the record/)).toBeVisible();
});

test('a model that does not stop when it is told to is ended soon', async ({ home, launch }) => {
  const app = await launch({ home });
  const { page } = app;
  await midAnswer(app);
  process.kill(await processId(app, 'Cloister inference'), 'SIGSTOP');
  await button(page, 'Stop').click();
  await expect(page.getByRole('alert')).toContainText('The model said nothing for 5 seconds', {
    timeout: 60_000,
  });
  await expect(unfinishedSign(page)).toBeVisible();
  await nextDraftWorks(app);
});

const memoryGroups = '/sys/fs/cgroup/memory';

test('a model that the system ends because memory is full is said so, and the app goes on', async ({
  home,
  launch,
}) => {
  test.skip(
    process.getuid?.() !== 0 || !existsSync(join(memoryGroups, 'memory.limit_in_bytes')),
    'limiting the memory of one process needs root and the memory controller of cgroups, version 1',
  );
  const group = join(memoryGroups, `cloister-${process.pid}`);
  mkdirSync(group);
  try {
    const app = await launch({ home });
    const { page } = app;
    await signIn(page, clinician);
    await modelReady(page);
    // What it holds already is not counted: the memory for a longer text is.
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(2 * 2 ** 20));
    writeFileSync(join(group, 'cgroup.procs'), String(await processId(app, 'Cloister inference')));
    await page.getByLabel('Patient reference').fill(patientReference);
    await sourceField(page).fill('A made-up cough for nine days, and so on and on. '.repeat(30));
    await writeDraft(page, 'Visit summary');
    await expect(page.getByText('The system ended the model, most often because the memory')).toBeVisible();
    await expect(unfinishedSign(page)).toBeVisible();
    await nextDraftWorks(app);
  } finally {
    await expect
      .poll(() => {
        try {
          rmdirSync(group);
        } catch {
          return existsSync(group);
        }
        return false;
      })
      .toBe(false);
  }
});

test('a model file that goes away in the middle of an answer does not stop that answer; the next start says what is missing', async ({
  home,
  launch,
}) => {
  const models = writeTinyModels();
  try {
    const app = await launch({ home, modelsFolder: models.folder, catalogue: models.catalogue });
    const { page } = app;
    await midAnswer(app);
    rmSync(models.file);
    await draftEnded(page);
    await signOut(page);
    await signIn(page, clinician);
    await expect(page.getByText('The model file is not on this computer').first()).toBeVisible();
    await expect(draftText(page)).toContainText(/\S{3}/);
  } finally {
    rmSync(models.folder, { recursive: true });
  }
});
