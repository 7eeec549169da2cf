import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { ownFolder } from '../../build/setup/unprivileged.mjs';
import { answerSaveDialog } from '../harness/launch-app.ts';
import { administrator } from '../harness/people.ts';
import { button, signIn } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

test('IT exports the entries of one person, encrypted, and is offered no patient to choose', async ({
  home,
  launch,
}) => {
  const { app, page } = await launch({ home });
  await signIn(page, administrator);
  await button(page, 'Export signed bundle').click();
  const dialog = page.getByRole('dialog');
  const what = dialog.getByLabel('What to export');
  await expect(what.getByRole('option', { name: 'The entries about one patient' })).toHaveCount(0);
  await what.selectOption({ label: 'The entries of one person' });
  await expect(dialog.getByText('It does not prove that it lists all of them.')).toBeVisible();
  await expect(button(page, 'Choose where to save')).toBeDisabled();
  await dialog.getByLabel('Person').selectOption({ label: administrator.name });

  const folder = join(home.folder, 'removable');
  ownFolder(folder);
  const file = join(folder, 'extract.zip.age');
  await answerSaveDialog(app, file);
  const recipients = dialog.getByLabel('Encrypt for');
  await recipients.fill('age1wrong');
  await button(page, 'Choose where to save').click();
  await expect(dialog.getByRole('alert')).toContainText('not a public key of age');
  await recipients.fill(await identityToRecipient(await generateX25519Identity()));
  await button(page, 'Choose where to save').click();
  await expect(dialog.getByText(/^extract\.zip\.age holds \d+ entr/)).toBeVisible();
  expect(readFileSync(file).toString('latin1', 0, 21)).toBe('age-encryption.org/v1');
});
