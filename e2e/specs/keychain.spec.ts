import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { z } from 'zod';
import { administrator, clinician } from '../harness/people.ts';
import {
  button,
  choosePassphrase,
  firstRun,
  givePassphrase,
  recoverWith,
  signIn,
  signOut,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

/**
 * The keychain of the launches without `keyring` is the one that Electron calls `basic_text`: its password is printed in
 * Chromium's source, so it is worth nothing and not used.
 */
const newPassphrase = 'lantern orbit mustard willow seven';
const ours = { name: 'ours' };
const another = { name: 'another' };

test.skip(process.platform !== 'linux', 'the real keychain of these tests is GNOME keyring');
test.beforeEach(() => {});

const keyFileSchema = z.looseObject({
  keyring: z.looseObject({
    device: z.strictObject({ mode: z.string(), backend: z.string(), wrapped: z.string().nullable() }),
  }),
});
const deviceOf = (keyFile: Buffer): z.infer<typeof keyFileSchema>['keyring']['device'] =>
  keyFileSchema.parse(JSON.parse(keyFile.toString())).keyring.device;

/** The right passphrase, and a keychain that does not give its half of the key back. */
async function isRefused(page: Page): Promise<void> {
  await givePassphrase(page, clinician);
  const alert = page.getByRole('alert');
  await expect(alert).toContainText(/keychain/i);
  await expect(alert).toContainText(/Nothing was (lost|deleted|changed)/);
  await expect(alert).toContainText(/IT/);
}

test('with a real keychain the record opens on this computer only; a lost keychain deletes nothing, and a recovery key is the way back', async ({
  emptyHome,
  launch,
}) => {
  const first = await launch({ home: emptyHome, keyring: ours });
  const [recoveryKey] = await firstRun(first);
  await expect(
    first.page.getByText('The record opens with your passphrase on this computer only.'),
  ).toBeVisible();
  await signIn(first.page, clinician);
  await first.close();
  const keyFile = join(emptyHome.data, 'keyring.json');
  const before = readFileSync(keyFile);
  expect(deviceOf(before)).toMatchObject({ mode: 'device-bound', backend: 'gnome_libsecret' });

  const again = await launch({ home: emptyHome, keyring: ours });
  await signIn(again.page, clinician);
  await again.close();

  const { page } = await launch({ home: emptyHome });
  await isRefused(page);
  expect(readFileSync(keyFile).equals(before)).toBe(true);

  await recoverWith(page, recoveryKey, newPassphrase);
  expect(deviceOf(readFileSync(keyFile))).toEqual({
    mode: 'passphrase-only',
    backend: 'basic_text',
    wrapped: null,
  });
  await button(page, 'Accounts').click();
  await button(page, `Manage ${clinician.name}`).click();
  await button(page, 'New one-time code').click();
  const code = await page.getByTestId('one-time-code').innerText();
  await page.getByLabel('I have written it down or printed it').check();
  await button(page, 'Done').click();
  await signOut(page);

  await button(page, new RegExp(clinician.name)).click();
  await page.getByLabel('One-time code').fill(code);
  await button(page, 'Sign in').click();
  await choosePassphrase(page, newPassphrase);
  await button(page, 'Sign out').waitFor();
  await signOut(page);
  await signIn(page, { name: administrator.name, passphrase: newPassphrase });
});

test('another keychain under the same name, or none where there was one: refused and left alone, and the old one still opens', async ({
  emptyHome,
  launch,
}) => {
  const first = await launch({ home: emptyHome, keyring: ours });
  const [, recoveryKey] = await firstRun(first);
  await first.close();
  const keyFile = join(emptyHome.data, 'keyring.json');
  const before = readFileSync(keyFile);

  for (const keyring of [another, 'absent'] as const) {
    const changed = await launch({ home: emptyHome, keyring });
    await isRefused(changed.page);
    await changed.close();
    expect(readFileSync(keyFile).equals(before)).toBe(true);
  }
  const back = await launch({ home: emptyHome, keyring: ours });
  await signIn(back.page, clinician);
  await back.close();

  // For good: the recovery key binds the record to the keychain that there is now.
  const moved = await launch({ home: emptyHome, keyring: another });
  await recoverWith(moved.page, recoveryKey, newPassphrase);
  await moved.close();
  const after = deviceOf(readFileSync(keyFile));
  expect([after.mode, after.wrapped === deviceOf(before).wrapped]).toEqual(['device-bound', false]);
  const { page } = await launch({ home: emptyHome, keyring: ours });
  await givePassphrase(page, { name: administrator.name, passphrase: newPassphrase });
  await expect(page.getByRole('alert')).toContainText(/keychain/i);
});

test('without a keychain nothing of a key is left on the disk, the screen says so, and the passphrase has to be stronger', async ({
  emptyHome,
  launch,
}) => {
  const app = await launch({ home: emptyHome, keyring: 'absent' });
  const { page } = app;
  await button(page, 'Start set-up').click();
  await page.getByLabel('Organisation name').fill('Example Clinic');
  await page.getByLabel('Organisation domain').fill('clinic.example');
  await button(page, 'Continue').click();
  await expect(page.getByText(/no system keychain.*At least 15 characters/)).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill(administrator.name);
  for (const label of ['Passphrase', 'Repeat passphrase'])
    await page.getByLabel(label, { exact: true }).fill('Zug7!kalt.Wabe');
  await button(page, 'Continue').click();
  await expect(page.getByRole('alert')).toContainText('1 more character needed');
  await app.close();

  const fresh = await launch({ home: emptyHome, keyring: 'absent' });
  await firstRun(fresh);
  await expect(fresh.page.getByText(/the passphrase alone protects the record/)).toBeVisible();
  await signIn(fresh.page, clinician);
  await fresh.close();
  const device = deviceOf(readFileSync(join(emptyHome.data, 'keyring.json')));
  expect([device.mode, device.wrapped]).toEqual(['passphrase-only', null]);

  // A keychain that comes later changes nothing.
  const later = await launch({ home: emptyHome, keyring: ours });
  await signIn(later.page, clinician);
  await button(later.page, 'Record').click();
  await expect(later.page.getByRole('cell', { name: 'Signed in' }).first()).toBeVisible();
});
