import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { prepareLaunch } from '../../build/setup/unprivileged.mjs';
import { expectAccessible } from '../harness/accessible.ts';
import { giveToApp, type Home } from '../harness/launch-app.ts';
import { administrator } from '../harness/people.ts';
import { signedPolicy } from '../harness/policy.ts';
import { button, modelReady, signIn, signOut } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

/** As IT does it, with the command line. */
function signModels(home: Home, list: object): void {
  const file = join(home.folder, 'models.json');
  writeFileSync(file, JSON.stringify(list));
  giveToApp(file);
  const { executablePath, appFolder } = prepareLaunch();
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const words = ['models', 'sign', 'models.json', '--key', 'organisation.key', '--out', 'policy'];
  const run = spawnSync(executablePath, [appFolder, ...words], {
    cwd: home.folder,
    env: { ...env, CLOISTER_DATA_FOLDER: home.data },
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`models sign: ${run.stderr}`);
}

const catalogueSchema = z.object({ models: z.array(z.record(z.string(), z.json())).min(1) });

test('AC-36: the list that the organisation signed decides, what was measured is shown, and a changed list approves nothing', async ({
  home,
  models,
  launch,
}) => {
  const folder = signedPolicy(home, {});
  const [own] = catalogueSchema.parse(JSON.parse(readFileSync(models.catalogue, 'utf8'))).models;
  const other = {
    ...own,
    id: 'another',
    name: 'Another model',
    file: 'another.gguf',
    sha256: 'a'.repeat(64),
  };
  signModels(home, {
    format: 'cloister-approved-models/1',
    organisation: 'clinic.example',
    issuedAt: '2026-11-29T09:00:00.000Z',
    default: own?.['id'],
    models: [own, other],
  });
  // The app's own catalogue would approve neither.
  const options = {
    home,
    modelsFolder: models.folder,
    catalogue: null,
    environment: { CLOISTER_POLICY_FOLDER: folder },
  };
  const first = await launch(options);
  await signIn(first.page, administrator);
  await modelReady(first.page);
  await button(first.page, 'Models').click();
  const here = first.page.getByRole('region', { name: 'On this computer' });
  const rows = here.getByRole('row');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(1)).toContainText('Here, answers');
  await expect(rows.nth(1)).toContainText(/of memory/);
  await expect(
    first.page.getByText(/on the main processor with \d threads?: \d+ tokens a second/),
  ).toBeVisible();
  // Which, depends on the machine.
  await expect(first.page.getByText(/graphics card|graphics of this computer/)).toBeVisible();
  await expect(rows.nth(2)).toContainText('Not here');
  await here
    .getByRole('button', { name: /^Licence of/ })
    .first()
    .click();
  await expect(first.page.getByRole('dialog')).toContainText(/licen[cs]e/i);
  await expectAccessible(first.page, 'licence');
  await first.page.keyboard.press('Escape');
  await signOut(first.page);
  await first.close();

  const note = join(folder, 'models.note');
  writeFileSync(note, readFileSync(note, 'utf8').replace('Another model', 'Tampered name'));
  const second = await launch(options);
  await signIn(second.page, administrator);
  await expect(second.page.getByRole('row', { name: /Model refused/ }).first()).toBeVisible();
  await button(second.page, 'Models').click();
  await expect(second.page.getByText(/no model is approved and none is loaded/)).toBeVisible();
  await expect(second.page.getByText('No model is approved.')).toBeVisible();
  await signOut(second.page);
});
