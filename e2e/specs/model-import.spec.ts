import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from '../../build/setup/unprivileged.mjs';
import { expectAccessible } from '../harness/accessible.ts';
import { giveToApp, type RunningApp } from '../harness/launch-app.ts';
import { administrator } from '../harness/people.ts';
import { button, midAnswer, signIn, signOut } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

/** The system's dialog cannot be driven from here: it answers with this file. */
async function answerOpenDialog({ app }: RunningApp, path: string): Promise<void> {
  await app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
  }, path);
}

test('a computer without a network gets its model from a drive; another file is refused and recorded', async ({
  home,
  models,
  launch,
}) => {
  const modelsFolder = join(home.folder, 'no models yet');
  const drive = join(home.folder, 'drive of Dr. Ängström');
  for (const folder of [modelsFolder, drive]) ownFolder(folder);
  const right = join(drive, 'A model.gguf');
  copyFileSync(models.file, right);
  const wrong = join(drive, 'Another model.gguf');
  const bytes = readFileSync(models.file);
  writeFileSync(wrong, bytes.fill((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1));
  giveToApp(drive);

  const running = await launch({ home, modelsFolder, catalogue: models.catalogue });
  const { page } = running;
  await signIn(page, administrator);
  await button(page, 'Models').click();
  const here = page.getByRole('region', { name: 'On this computer' });
  await expect(here.getByRole('row').nth(1)).toContainText('Not here');

  await answerOpenDialog(running, wrong);
  await button(page, 'Import from a file').click();
  await expect(here.getByRole('alert')).toContainText('This file is none of the approved models');
  expect(readdirSync(modelsFolder)).toEqual([]);

  await answerOpenDialog(running, right);
  await button(page, 'Import from a file').press('Enter');
  await expect(here.getByText(/ was added\.$/)).toBeVisible();
  await expect(here.getByRole('row').nth(1)).toContainText('Here, answers');
  await expect(here.getByRole('alert')).toHaveCount(0);
  await expectAccessible(page, 'models, after an import');
  expect(existsSync(join(modelsFolder, 'tiny.gguf'))).toBe(true);

  await button(page, 'Record').click();
  await expect(page.getByRole('row', { name: /Model added/ })).toHaveCount(2);
  await signOut(page);
  await midAnswer(running);
});
