import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clinician } from '../harness/people.ts';
import { button, firstRun, signIn } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

test('with a real keychain the record opens on this computer only, and a lost keychain deletes nothing', async ({
  emptyHome,
  launch,
}) => {
  test.skip(process.platform !== 'linux', 'the real keychain of these tests is GNOME keyring');
  const first = await launch({ home: emptyHome, keyring: true });
  await firstRun(first);
  await expect(
    first.page.getByText('The record opens with your passphrase on this computer only.'),
  ).toBeVisible();
  await signIn(first.page, clinician);
  await first.close();
  const keyring = join(emptyHome.data, 'keyring.json');
  const before = readFileSync(keyring);
  expect(before.includes('"mode":"device-bound"')).toBe(true);

  const again = await launch({ home: emptyHome, keyring: true });
  await signIn(again.page, clinician);
  await again.close();

  const without = await launch({ home: emptyHome });
  await button(without.page, new RegExp(clinician.name)).click();
  await without.page.getByLabel('Passphrase', { exact: true }).fill(clinician.passphrase);
  await button(without.page, 'Sign in').click();
  await expect(without.page.getByRole('alert')).toContainText(/keychain/i);
  expect(readFileSync(keyring).equals(before)).toBe(true);
});
