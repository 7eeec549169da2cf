import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ownFolder } from '../../build/setup/unprivileged.mjs';
import { formsOfText, type ByteForm } from '../harness/byte-forms.ts';
import { openFiles, searchFile, searchFolder, searchOpenFiles } from '../harness/file-search.ts';
import type { Home, RunningApp } from '../harness/launch-app.ts';
import { administrator, clinician, patientReference } from '../harness/people.ts';
import {
  button,
  draftEnded,
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
type Canaries = {
  readonly typed: string;
  readonly asked: string;
  readonly opened: string;
  readonly said: string;
};

function createCanaries(): Canaries {
  const word = (): string => `canary-${randomBytes(9).toString('hex')}`;
  return { typed: word(), asked: word(), opened: word(), said: shuffled('PLUMBAGOxyzkw7349') };
}

/** The small model says each byte once at most. */
function shuffled(letters: string): string {
  const left = [...letters];
  return letters.replaceAll(/./g, () => left.splice(randomInt(left.length), 1)[0] ?? '');
}

const formsOf = (canaries: Canaries): readonly ByteForm[] => Object.values(canaries).flatMap(formsOfText);

/** Every folder that a program is told to put something in, below the test's own. */
function foldersOf(home: Home): {
  readonly root: string;
  readonly words: readonly string[];
  readonly temporary: string;
} {
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
  return { root, words: ['env', ...words], temporary: folders.TMPDIR };
}

test('AC-05: what is typed, asked, opened, answered, copied and accepted stands in no file, open or closed', async ({
  emptyHome,
  launch,
}) => {
  const canaries = createCanaries();
  const forms = formsOf(canaries);
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

  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill(`A made-up ${canaries.typed} cough.`);
  await page.getByRole('radio', { name: 'Free question' }).check();
  await page.getByRole('textbox', { name: 'Question' }).fill(`What of the ${canaries.asked}?`);
  await writeDraft(page, 'Free question');
  await draftEnded(page);
  await button(page, 'Copy').click();
  await button(page, 'Accept as final').click();
  await expect(page.getByText(/Accepted as final · entry/)).toBeVisible();
  expect(searchOpenFiles(mainId, forms)).toEqual([]);

  await page.getByLabel('Open a text file').setInputFiles({
    name: 'visit.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from(`A made-up ${canaries.opened} rash.`),
  });
  await expect(sourceField(page)).toHaveValue(/rash/);
  await page.getByRole('radio', { name: 'Visit summary' }).check();
  await button(page, /^Write (draft|again)$/).click();
  await draftEnded(page);
  expect(openFiles(mainId).map(({ target }) => target)).toContain(join(emptyHome.data, 'cloister.db'));
  expect(searchOpenFiles(mainId, forms)).toEqual([]);

  await signOut(page);
  await signIn(page, administrator);
  const target = join(emptyHome.folder, 'removable');
  ownFolder(target);
  const bundle = join(target, 'bundle.zip');
  await exportBundle(app, bundle, 'withheld');
  expect(existsSync(bundle)).toBe(true);
  await signOut(page);

  await dieOfACrash(app);
  await app.close();
  expect(searchFolder(emptyHome.folder, forms)).toEqual([]);
  expect(searchFile(bundle, forms)).toEqual([]);
  plantAndFind(account.temporary, canaries, forms);
  rmSync(models.folder, { recursive: true });
});

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
function plantAndFind(folder: string, { typed, opened }: Canaries, forms: readonly ByteForm[]): void {
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
  ];
  for (const [index, bytes] of planted.entries()) {
    writeFileSync(file, bytes);
    expect([index, searchFolder(folder, forms).length > 0]).toEqual([index, true]);
  }
  // A file without a name, held open by a process: here this one.
  writeFileSync(file, planted[0] ?? '');
  const descriptor = openSync(file, 'r');
  unlinkSync(file);
  expect(searchFolder(folder, forms)).toEqual([]);
  expect(searchOpenFiles(process.pid, forms).some(({ file: found }) => found.includes('planted.bin'))).toBe(
    true,
  );
  closeSync(descriptor);
}
