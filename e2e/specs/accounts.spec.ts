import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { TOTP } from 'otpauth';
import { z } from 'zod';
import { runCommand } from '../harness/command-line.ts';
import { giveToApp } from '../harness/launch-app.ts';
import { administrator, clinician } from '../harness/people.ts';
import { signedPolicy } from '../harness/policy.ts';
import {
  addPerson,
  button,
  choosePassphrase,
  enrol,
  firstRun,
  recoverWith,
  signIn,
  signOut,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

const passphrase = 'lantern orbit mustard willow seven';

/** What the authenticator app shows; a step further for each further sign-in within half a minute. */
function appShows(key: string, stepsAhead = 0): string {
  return new TOTP({ secret: key.replaceAll(' ', '') }).generate({
    timestamp: Date.now() + stepsAhead * 30_000,
  });
}

test('a person whom IT adds comes in with a one-time code, chooses a passphrase and sets up a second factor', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await signIn(page, administrator);
  const code = await addPerson(page, 'Ada Auditor', 'Auditor');
  await expect(page.getByRole('row', { name: /Ada Auditor/ })).toContainText('Waiting for first sign-in');
  await signOut(page);

  await button(page, /Ada Auditor/).click();
  await page.getByLabel('One-time code').fill(code.toLowerCase());
  await button(page, 'Sign in').click();
  await page.getByRole('heading', { name: 'Choose your passphrase' }).waitFor();
  await page.getByLabel('New passphrase', { exact: true }).fill('auditor123456789');
  await expect(page.getByText(/too easy to guess|made of names/)).toBeVisible();
  await choosePassphrase(page, passphrase);
  await button(page, 'Sign out').waitFor();

  await button(page, /Ada Auditor/).click();
  await button(page, 'Set up').click();
  await expect(page.getByRole('img', { name: /Scan this/ })).toBeVisible();
  const key = await page.getByTestId('second-factor-key').innerText();
  await page.getByLabel('Six digits that the app shows').fill(appShows(key));
  await button(page, 'Confirm').click();
  await expect(page.getByTestId('recovery-codes').getByRole('listitem')).toHaveCount(10);
  await page.getByLabel('I have kept these codes').check();
  await button(page, 'Close').click();
  await button(page, 'Close').click();
  await signOut(page);

  await button(page, /Ada Auditor/).click();
  await page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
  await button(page, 'Sign in').click();
  await page.getByLabel('Six digits').fill('000000');
  await expect(page.getByText(/not the code that the app shows/)).toBeVisible();
  await page.getByLabel('Six digits').fill(appShows(key, 1));
  await button(page, 'Sign out').waitFor();
  await expect(page.getByRole('heading', { name: 'Record' })).toBeVisible();
});

test('an account that is switched off is gone from the sign-in screen, and everybody else goes on', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await signIn(page, administrator);
  await button(page, 'Accounts').click();
  await button(page, `Manage ${clinician.name}`).click();
  await button(page, 'Switch off account').click();
  await button(page, 'Yes, switch it off').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await expect(page.getByText('The key of the record was changed.')).toBeVisible();
  await expect(button(page, new RegExp(clinician.name))).toHaveCount(0);
  await signIn(page, administrator);
  await button(page, 'Check the record now').click();
  await expect(page.getByText(/The record is whole/)).toBeVisible();
});

test('the policy page says what is set, and a broken policy makes everything strict and says so', async ({
  home,
  launch,
}) => {
  const folder = join(home.folder, 'policy');
  mkdirSync(join(folder, 'policy.note'), { recursive: true });
  const { page } = await launch({ home, environment: { CLOISTER_POLICY_FOLDER: folder } });
  await expect(page.getByText(/Every setting is at its strictest/)).toBeVisible();
  await button(page, new RegExp(administrator.name)).click();
  await page.getByLabel('Passphrase', { exact: true }).fill(administrator.passphrase);
  await button(page, 'Sign in').click();
  await page.getByRole('heading', { name: 'Set up your second factor' }).waitFor();
  const key = await page.getByTestId('second-factor-key').innerText();
  await page.getByLabel('Six digits').fill(appShows(key));
  await page.getByLabel('I have kept these codes').check();
  await button(page, 'Go on').click();
  await button(page, 'Policy').click();
  await expect(page.getByRole('row', { name: /idleLockMinutes/ })).toContainText('Strictest');
});

test('emergency access opens the records about one patient after a reason was given', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await signIn(page, clinician);
  await button(page, 'Record').click();
  await button(page, "Open another clinician's records").click();
  await page.getByRole('dialog').getByLabel('Patient reference').fill('SYN-404');
  await page.getByLabel('Why it is needed now').fill('short');
  await expect(button(page, 'Open and record')).toBeDisabled();
  await page.getByLabel('Why it is needed now').fill('Collapsed in the waiting room, no history.');
  await button(page, 'Open and record').click();
  await expect(page.getByText(/Nobody has recorded anything/)).toBeVisible();
  await button(page, 'Cancel').click();
  await button(page, /new entr/).click();
  await expect(page.getByRole('row', { name: /Emergency access/ })).toContainText('Attention');
});

test('nobody can sign in: a recovery key gives one administrator a new passphrase', async ({
  emptyHome,
  launch,
}) => {
  const app = await launch({ home: emptyHome });
  const { page } = app;
  const [recoveryKey] = await firstRun(app);
  await recoverWith(page, recoveryKey, passphrase);
  await expect(page.getByRole('row', { name: /Recovery key used/ })).toContainText('Attention');
  await signOut(page);
  await signIn(page, { name: administrator.name, passphrase });
});

test('a computer that IT prepared is set up with one click, and everybody begins with a one-time code', async ({
  emptyHome,
  launch,
}) => {
  const policy = signedPolicy(emptyHome, { idleLockMinutes: 7 });
  const recipients = await Promise.all(
    [1, 2].map(async () => identityToRecipient(await generateX25519Identity())),
  );
  writeFileSync(
    join(emptyHome.folder, 'people.json'),
    JSON.stringify({
      organisation: { name: 'Example Clinic', domain: 'clinic.example' },
      recoveryRecipients: recipients,
      people: [
        { name: administrator.name, role: 'it-admin' },
        { name: clinician.name, role: 'clinician' },
      ],
    }),
  );
  giveToApp(join(emptyHome.folder, 'people.json'));
  const made = await runCommand(emptyHome, [
    'provision',
    'create',
    'people.json',
    '--key',
    'organisation.key',
    '--out',
    policy,
    '--json',
  ]);
  expect(made.exitCode).toBe(0);
  const { people } = z
    .looseObject({ people: z.array(z.looseObject({ displayName: z.string(), code: z.string() })) })
    .parse(JSON.parse(made.answer));
  const codeOf = (name: string): string => people.find(({ displayName }) => displayName === name)?.code ?? '';

  const { page } = await launch({ home: emptyHome, environment: { CLOISTER_POLICY_FOLDER: policy } });
  await page.getByRole('heading', { name: 'This computer was prepared by Example Clinic' }).waitFor();
  await button(page, 'Set up this computer').click();
  await expect(page.getByTestId('fingerprint')).toContainText('SHA256:');
  await button(page, 'Go to sign-in').click();
  await enrol(page, administrator.name, codeOf(administrator.name), administrator.passphrase);
  await button(page, 'Policy').click();
  await expect(page.getByRole('row', { name: /idleLockMinutes/ })).toContainText('7');
  await signOut(page);
  await enrol(page, clinician.name, codeOf(clinician.name), clinician.passphrase);
});
