import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { appUser, ownFolder } from '../../build/setup/unprivileged.mjs';
import { formsOfText, type ByteForm } from '../harness/byte-forms.ts';
import { openFiles, searchFile, searchFolder, searchOpenFiles } from '../harness/file-search.ts';
import { giveToApp, type Home, type RunningApp } from '../harness/launch-app.ts';
import { administrator, clinician, patientReference } from '../harness/people.ts';
import {
  button,
  draftEnded,
  draftText,
  exportBundle,
  firstRun,
  modelReady,
  signIn,
  signOut,
  sourceField,
  writeDraft,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';
import { writeTinyModels } from '../harness/tiny-model.ts';

test.skip(process.platform !== 'linux' || process.getuid?.() !== 0, "reads other processes' open files");

/** Words of clinical text that no file may hold. New ones in each run: nobody else's file can have them. */
type Canaries = Readonly<Record<'typed' | 'asked' | 'opened' | 'edited' | 'said', string>>;

function createCanaries(): Canaries {
  const word = (): string => `canary-${randomBytes(9).toString('hex')}`;
  return {
    typed: word(),
    asked: word(),
    opened: word(),
    edited: word(),
    said: shuffled('PLUMBAGOxyzkw7349'),
  };
}

/** The small model says each byte once at most. */
function shuffled(letters: string): string {
  const left = [...letters];
  return letters.replaceAll(/./g, () => left.splice(randomInt(left.length), 1)[0] ?? '');
}

const formsOf = (canaries: Canaries): readonly ByteForm[] => Object.values(canaries).flatMap(formsOfText);

/** Every folder that a program is told to put something in, below the test's own. */
function foldersOf(home: Home): { readonly root: string; readonly words: readonly string[] } {
  const root = join(home.folder, 'account');
  const folders = {
    HOME: root,
    TMPDIR: join(root, 'tmp'),
    XDG_CONFIG_HOME: join(root, '.config'),
    XDG_CACHE_HOME: join(root, '.cache'),
    XDG_DATA_HOME: join(root, '.local/share'),
    XDG_STATE_HOME: join(root, '.local/state'),
  };
  for (const folder of [root, join(root, '.local'), ...Object.values(folders)]) ownFolder(folder);
  const words = Object.entries(folders).map(([name, folder]) => `${name}=${folder}`);
  return { root, words: ['env', ...words] };
}

test('AC-05: what is typed, asked, opened, answered, copied, accepted, sorted and searched stands in no file, open or closed', async ({
  emptyHome,
  launch,
}) => {
  const canaries = createCanaries();
  const forms = formsOf(canaries);
  const since = writtenByTheAppSinceNow();
  const account = foldersOf(emptyHome);
  const models = writeTinyModels(['--script', canaries.said, '--afterwards', 'end']);
  const app = await launch({
    home: emptyHome,
    modelsFolder: models.folder,
    catalogue: models.catalogue,
    under: account.words,
  });
  const { page } = app;
  const mainId = app.app.process().pid ?? 0;
  expect(readFileSync(`/proc/${String(mainId)}/environ`, 'utf8')).toContain(`HOME=${account.root}\0`);
  await firstRun(app);
  await signIn(page, clinician);
  await modelReady(page);

  await askEditAndAccept(page, canaries);
  expect(searchOpenFiles(mainId, forms)).toEqual([]);

  const visit = join(emptyHome.folder, 'visit.txt');
  await openAndSummarise(page, visit, canaries.opened);
  expect(openFiles(mainId).map(({ target }) => target)).toContain(join(emptyHome.data, 'cloister.db'));
  expect(searchOpenFiles(mainId, forms)).toEqual([]);
  await printWhatIsShown(app, canaries.opened);
  await copyAndList(page);
  await sortAndSearch(page, canaries.opened);
  expect(searchOpenFiles(mainId, forms)).toEqual([]);

  await signOut(page);
  await signIn(page, administrator);
  const target = join(emptyHome.folder, 'removable');
  ownFolder(target);
  const bundle = join(target, 'bundle.zip');
  await exportBundle(app, bundle);
  expect(existsSync(bundle)).toBe(true);
  await signOut(page);

  await dieOfACrash(app);
  expect(searchOpenFiles(mainId, forms)).toEqual([]);
  await app.close();
  // The one file that this test wrote itself, and nothing else.
  expect(searchFolder(emptyHome.folder, forms)).toEqual([{ file: visit, form: 'plain' }]);
  expect(searchBelow(emptyHome.folder, [], forms)).toEqual([`${visit}: plain`]);
  expect(searchFile(bundle, forms)).toEqual([]);
  // Where programs put things without being told to, and the home that the password file names.
  for (const folder of ['/tmp', '/var/tmp', appUser().home])
    expect(searchBelow(folder, ['!', '-path', `${emptyHome.folder}/*`, ...since], forms)).toEqual([]);
  plantAndFind(join(account.root, 'tmp'), canaries, since);
  rmSync(models.folder, { recursive: true });
});

async function askEditAndAccept(page: Page, canaries: Canaries): Promise<void> {
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill(`A made-up ${canaries.typed} cough.`);
  await page.getByRole('radio', { name: 'Free question' }).check();
  await page.getByRole('textbox', { name: 'Question' }).fill(`What of the ${canaries.asked}?`);
  await writeDraft(page, 'Free question');
  await draftEnded(page);
  await expect(draftText(page)).toContainText(canaries.said);
  await button(page, 'Copy').click();
  await button(page, 'Edit').click();
  await page.getByLabel('Draft text').fill(`${canaries.said} ${canaries.edited}`);
  await button(page, 'Done').click();
  await button(page, 'Accept as final').click();
  await expect(page.getByText(/Accepted as final · entry/)).toBeVisible();
}

/** By its path: the app itself reads the file from the disk. */
async function openAndSummarise(page: Page, file: string, opened: string): Promise<void> {
  writeFileSync(file, `A made-up ${opened} rash.`);
  giveToApp(file);
  await page.getByLabel('Open a text file').setInputFiles(file);
  await expect(sourceField(page)).toHaveValue(/rash/);
  await page.getByRole('radio', { name: 'Visit summary' }).check();
  await button(page, /^Write (draft|again)$/).click();
  await draftEnded(page);
}

/**
 * Nothing prints a note: what a page gives to a printer are its sheets (a recovery key, a one-time code), whatever else it
 * shows. Chromium lays the page out for paper here; no printer is there to take it.
 */
async function printWhatIsShown({ app, page }: RunningApp, shown: string): Promise<void> {
  const visible = (): Promise<string> =>
    page.evaluate(() => {
      const fields = [...document.querySelectorAll('textarea, input')].filter((field) =>
        field.checkVisibility({ visibilityProperty: true }),
      );
      return [document.body.innerText, ...fields.map((field) => ('value' in field ? field.value : ''))].join(
        ' ',
      );
    });
  expect(await visible()).toContain(shown);
  await page.emulateMedia({ media: 'print' });
  expect((await visible()).trim()).toBe('');
  await page.emulateMedia({ media: null });
  const pdfBytes = await app.evaluate(async ({ BrowserWindow }) => {
    const pdf = await BrowserWindow.getAllWindows()[0]?.webContents.printToPDF({});
    return pdf?.byteLength ?? 0;
  });
  expect(pdfBytes).toBeGreaterThan(0);
}

/** More entries with clinical text than one page lists: sorting them must not spill into a file. */
async function copyAndList(page: Page): Promise<void> {
  await sourceField(page).selectText();
  for (let copies = 0; copies < 120; copies += 1) await page.keyboard.press('Control+c');
  await button(page, 'Record').click();
  await page.getByLabel('Type').selectOption({ label: 'Copied' });
  const rows = async () => Number(await page.getByRole('table').getAttribute('aria-rowcount'));
  await expect(async () => {
    // Each time: the list of before the filter takes the focus along when it goes.
    await button(page, /^Open entry/)
      .first()
      .focus();
    await page.keyboard.press('End');
    expect(await rows()).toBeGreaterThan(100);
  }).toPass();
}

/** A sorter and a search index are further places where text could come to lie (database/large-sort.test.ts: far more of it). */
async function sortAndSearch(page: Page, wanted: string): Promise<void> {
  await page.getByLabel('Type').selectOption({ label: 'Everything' });
  for (const column of ['Who', 'What', 'Outcome', 'Outcome']) {
    const head = page.getByRole('columnheader', { name: column });
    await head.getByRole('button').click();
    await expect(head).toHaveAttribute('aria-sort', /ascending|descending/);
  }
  await page.getByLabel('Search in the texts').fill(wanted);
  await button(page, 'Search').click();
  await expect(page.getByRole('row').filter({ hasText: wanted }).first()).toBeVisible();
}

/** For `find`: other tests' files are none of ours. Files above 200 MB are models. */
const writtenByTheAppSinceNow = (): readonly string[] =>
  `-user ${String(appUser().uid)} -newerct @${String(Date.now() / 1000)} -size -200M`.split(' ');

/** Files below the folder that meet the conditions; gzip streams are unpacked wherever in the file they begin. */
function searchBelow(folder: string, conditions: readonly string[], forms: readonly ByteForm[]): string[] {
  const words = [folder, ...conditions, '-type', 'f', '-print0'];
  const found = spawnSync('find', words, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  // That a file went away while it looked is all right.
  expect(found.stderr.replaceAll(/^.*No such file or directory\n/gm, '')).toBe('');
  const files = found.stdout.split('\0').filter((file) => existsSync(file));
  return files.flatMap((file) => [
    ...searchFile(file, forms).map(({ file: where, form }) => `${where}: ${form}`),
    ...packedIn(readFileSync(file)).flatMap((unpacked) =>
      forms
        .filter(({ bytes }) => unpacked.includes(bytes))
        .map(({ form }) => `${file}: ${form}, packed inside`),
    ),
  ]);
}

function packedIn(bytes: Buffer): readonly Buffer[] {
  const unpacked: Buffer[] = [];
  const next = (after: number): number => bytes.indexOf('\x1f\x8b\x08', after, 'latin1');
  for (let at = next(1); at > 0; at = next(at + 1)) {
    try {
      unpacked.push(gunzipSync(bytes.subarray(at), { finishFlush: constants.Z_SYNC_FLUSH }));
    } catch {
      // Three bytes by chance, and no stream.
    }
  }
  return unpacked;
}

/** A crash is when programs write what they know to the disk: the page ends by one while a canary stands in it. */
async function dieOfACrash({ app, page }: RunningApp): Promise<void> {
  await signIn(page, clinician);
  await expect(sourceField(page)).toHaveValue(/canary/);
  const pageProcess = (): Promise<number> =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId() ?? 0);
  const before = await pageProcess();
  process.kill(before, 'SIGABRT');
  await expect.poll(pageProcess).not.toBe(before);
}

/** The control: one planted file in each form must be found, or the search above found nothing because it cannot. */
function plantAndFind(folder: string, canaries: Canaries, since: readonly string[]): void {
  const { typed, opened } = canaries;
  const forms = formsOf(canaries);
  const file = join(folder, 'planted.bin');
  const sentence = (before: string): Buffer => Buffer.from(`${before}The ${typed} and the ${opened}.`);
  const planted: readonly Buffer[] = [
    sentence(''),
    Buffer.from(`\u00e9 ${typed}`, 'utf16le'),
    ...['', 'a', 'ab'].map((before) => Buffer.from(sentence(before).toString('base64'))),
    Buffer.from(sentence('').toString('hex')),
    gzipSync(sentence('')),
    // Cut off, as a crash leaves it.
    gzipSync(Buffer.concat([sentence(''), randomBytes(4000)])).subarray(0, 2000),
    Buffer.concat([Buffer.alloc(50), gzipSync(sentence('')), Buffer.alloc(50)]),
  ];
  for (const [index, bytes] of planted.entries()) {
    writeFileSync(file, bytes);
    giveToApp(file);
    // Only the second one looks into the middle of a file.
    expect([index, searchFolder(folder, forms).length > 0]).toEqual([index, index < planted.length - 1]);
    expect([index, searchBelow(folder, since, forms).length > 0]).toEqual([index, true]);
  }
  // A file without a name, held open by a process: here this one.
  writeFileSync(file, planted[0] ?? '');
  const descriptor = openSync(file, 'r');
  unlinkSync(file);
  expect(searchBelow(folder, [], forms)).toEqual([]);
  expect(searchOpenFiles(process.pid, forms).some(({ file: found }) => found.includes('planted.bin'))).toBe(
    true,
  );
  closeSync(descriptor);
}
