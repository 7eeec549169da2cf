import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { answerSaveDialog } from '../harness/launch-app.ts';
import { administrator } from '../harness/people.ts';
import { button, signIn } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

test('AC-14: a retired computer has no key left, and the backup and certificate are where IT put them', async ({
  home,
  launch,
}) => {
  const { app, page } = await launch({ home });
  await signIn(page, administrator);
  await button(page, 'Accounts').click();
  await button(page, 'Retire this computer').click();
  const dialog = page.getByRole('dialog');
  const retire = dialog.getByRole('button', { name: 'Choose where, back up and retire' });
  await expect(retire).toBeDisabled();
  const kept = join(home.folder, 'kept');
  await answerSaveDialog(app, kept);

  await dialog.getByLabel('Your passphrase').fill('not the right one at all');
  await retire.click();
  await expect(dialog.getByRole('alert')).toContainText('passphrase');
  expect(existsSync(kept)).toBe(false);

  await answerSaveDialog(app, kept);
  await dialog.getByLabel('Your passphrase').fill(administrator.passphrase);
  await dialog.getByLabel('Your passphrase').press('Enter');
  await expect(button(page, 'Start set-up')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/^This computer was retired/)).toBeVisible();
  const left = readdirSync(home.data).filter((name) => /keyring|cloister\.db|journal|attempts/.test(name));
  expect(left).toEqual([]);
  expect(readFileSync(join(kept, 'certificate.txt'), 'utf8')).toMatch(/^Certificate of decommission/);
  expect(readdirSync(join(kept, 'backup')).toSorted()).toEqual([
    'cloister.db',
    'keyring.json',
    'manifest.json',
  ]);
});
