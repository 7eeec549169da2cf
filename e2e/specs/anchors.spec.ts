import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from '../../build/setup/unprivileged.mjs';
import { giveToApp } from '../harness/launch-app.ts';
import { administrator, clinician } from '../harness/people.ts';
import { signedPolicy } from '../harness/policy.ts';
import { givePassphrase, signIn, signOut } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

test('a record that was set back is found by the checkpoints that left the computer, and said in red', async ({
  home,
  launch,
}) => {
  const share = join(home.folder, 'share');
  ownFolder(share);
  const policy = signedPolicy(home, { anchorFolder: share });
  const environment = { CLOISTER_POLICY_FOLDER: policy };
  const yesterday = join(home.folder, 'yesterday');
  cpSync(home.data, yesterday, { recursive: true });

  const today = await launch({ home, environment });
  for (const times of [1, 2]) {
    await signIn(today.page, clinician);
    await expect.poll(() => readdirSync(share).length).toBe(times);
    await signOut(today.page);
  }
  await today.close();

  rmSync(home.data, { recursive: true });
  cpSync(yesterday, home.data, { recursive: true });
  giveToApp(home.data);
  const { page } = await launch({ home, environment });
  await givePassphrase(page, clinician);
  const alarm = page.getByRole('alertdialog', { name: 'This record was set back' });
  await expect(alarm).toContainText('call IT now');
  await expect(alarm.getByRole('button')).toHaveText(['Sign out']);
  await alarm.getByRole('button', { name: 'Sign out' }).click();

  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await givePassphrase(page, administrator);
  // It has gone on since, so by now it is another record than the one that left.
  const examine = page.getByRole('alertdialog').getByRole('button', { name: 'Examine the record' });
  await examine.click();
  await expect(page.getByRole('row', { name: /Record does not fit a checkpoint/ }).first()).toContainText(
    'Attention',
  );
  // Nothing more left the computer: what lies in the folder is the evidence.
  expect(readdirSync(share)).toHaveLength(2);
});
