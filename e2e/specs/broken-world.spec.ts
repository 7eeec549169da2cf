import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveToApp } from '../harness/launch-app.ts';
import { administrator, clinician, patientReference } from '../harness/people.ts';
import {
  button,
  draftText,
  modelReady,
  signIn,
  sourceField,
  writeDraft,
  unfinishedSign,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

test('a wrong passphrase is refused in plain words, and the right one still works', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await button(page, new RegExp(clinician.name)).click();
  await page.getByLabel('Passphrase', { exact: true }).fill('not the passphrase');
  await button(page, 'Sign in').click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByLabel('Passphrase', { exact: true })).toHaveValue('');
  await signIn(page, clinician);
});

test.describe('the model file', () => {
  const cases = [
    { name: 'is missing', spoil: (): void => undefined, words: /The model file is not on this computer/ },
    {
      name: 'is cut off',
      spoil: (path: string, good: string): void => (copyFileSync(good, path), truncateSync(path, 1_000_000)),
      words: /incomplete|shorter|cut off|not complete/i,
    },
    {
      name: 'is another file',
      spoil: (path: string): void => writeFileSync(path, 'not a model '.repeat(1000)),
      words: /not a model|not one|cannot be used/i,
    },
    {
      name: 'was changed by one byte',
      spoil: (path: string, good: string): void => writeFileSync(path, flipped(readFileSync(good))),
      words: /not the approved/i,
    },
  ];
  for (const { name, spoil, words } of cases) {
    test(`${name}: the app says so, opens, and writes nothing`, async ({ home, launch, models }) => {
      const folder = mkdtempSync(join(tmpdir(), 'cloister-bad-model-'));
      chmodSync(folder, 0o755);
      spoil(join(folder, 'tiny.gguf'), models.file);
      const { page } = await launch({ home, modelsFolder: folder });
      await signIn(page, clinician);
      await expect(page.getByRole('alert')).toContainText(words);
      await page.getByLabel('Patient reference').fill(patientReference);
      await sourceField(page).fill('A made-up cough.');
      await expect(button(page, 'Write draft')).toBeDisabled();
      await button(page, 'Record').click();
      await expect(page.getByRole('cell', { name: 'Signed in' })).toBeVisible();
    });
  }
});

function flipped(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

test('an app that was started below the usual priority has its model all the same', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home, under: ['nice', '-n', '15'] });
  await signIn(page, clinician);
  await modelReady(page);
});

test('a damaged database is refused and left as it is', async ({ home, launch }) => {
  const path = join(home.data, 'cloister.db');
  const damaged = readFileSync(path);
  damaged.fill(0x5a, 4096, 12_288);
  writeFileSync(path, damaged);
  giveToApp(home.data);
  const { page } = await launch({ home });
  await button(page, new RegExp(administrator.name)).click();
  await page.getByLabel('Passphrase', { exact: true }).fill(administrator.passphrase);
  await button(page, 'Sign in').click();
  await expect(page.getByRole('alert')).toContainText('The record file is damaged');
  expect(readFileSync(path).equals(damaged)).toBe(true);
});

test('a damaged key file is said before anybody types a passphrase', async ({ home, launch }) => {
  const path = join(home.data, 'keyring.json');
  const damaged = readFileSync(path);
  damaged.writeUInt8(damaged.readUInt8(300) ^ 1, 300);
  writeFileSync(path, damaged);
  giveToApp(home.data);
  const { page } = await launch({ home });
  await expect(page.getByRole('heading', { name: 'Cloister cannot open its record' })).toBeVisible();
  await expect(page.getByRole('alert')).toBeVisible();
  expect(readFileSync(path).equals(damaged)).toBe(true);
});

test('a damaged newest key file is said, and the one before it opens the record', async ({
  home,
  launch,
}) => {
  const path = join(home.data, 'keyring.json');
  copyFileSync(path, join(home.data, 'keyring.previous.json'));
  const damaged = readFileSync(path);
  damaged.writeUInt8(damaged.readUInt8(300) ^ 1, 300);
  writeFileSync(path, damaged);
  giveToApp(home.data);
  const { page } = await launch({ home });
  await expect(page.getByText(/The newest key file is damaged, so the one before it is used/)).toBeVisible();
  await signIn(page, administrator);
  await expect(page.getByRole('row', { name: /Key file refused/ })).toContainText('Attention');
  expect(readFileSync(path).equals(damaged)).toBe(true);
});

test('a data folder that may not be written to stops the start, in words', async ({ home, launch }) => {
  chmodSync(home.data, 0o500);
  try {
    const { page } = await launch({ home });
    await expect(page.getByRole('alert')).toContainText('Cloister may not write to its data folder');
  } finally {
    chmodSync(home.data, 0o700);
  }
});

test('a full disk during an answer: what is not recorded is not shown, and the app says so', async ({
  home,
  launch,
}) => {
  test.skip(process.getuid?.() !== 0, 'mounting a small disk needs root');
  const kept = join(home.folder, 'kept');
  execFileSync('cp', ['-a', home.data, kept]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=0700', 'tmpfs', home.data]);
  try {
    execFileSync('cp', ['-a', `${kept}/.`, home.data]);
    giveToApp(home.data);
    const { page } = await launch({ home });
    await signIn(page, clinician);
    await modelReady(page);
    await page.getByLabel('Patient reference').fill(patientReference);
    await sourceField(page).fill('A made-up cough.');
    await writeDraft(page, 'Visit summary');
    await expect(draftText(page)).toContainText(/\S{3}/);
    fillDisk(home.data);
    await expect(page.getByRole('alert')).toContainText('The disk is full');
    const shown = await draftText(page).innerText();
    execFileSync('rm', [join(home.data, 'ballast')]);
    await button(page, 'Lock').click();
    await page.getByLabel('Passphrase', { exact: true }).fill(clinician.passphrase);
    await button(page, 'Sign in').click();
    await expect(unfinishedSign(page)).toBeVisible();
    await expect(draftText(page)).toHaveText(shown, { useInnerText: true });
  } finally {
    execFileSync('umount', ['--lazy', home.data]);
  }
});

/** Takes the last byte that is free. */
function fillDisk(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const size of [1_000_000, 65_536, 4096]) {
    try {
      for (;;) writeFileSync(join(folder, 'ballast'), Buffer.alloc(size), { flag: 'a' });
    } catch {
      // Full for this size; the smaller ones take what is left.
    }
  }
}
