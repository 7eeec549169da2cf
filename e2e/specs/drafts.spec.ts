import { rmSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { processId } from '../harness/launch-app.ts';
import { clinician, patientReference } from '../harness/people.ts';
import {
  button,
  draftEnded,
  draftText,
  midAnswer,
  modelReady,
  openRecord,
  signIn,
  signOut,
  sourceField,
  unfinishedSign,
  writeDraft,
} from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';
import { withModel, writeTinyModels } from '../harness/tiny-model.ts';

const source = 'The patient came with a cough and fever. '.repeat(12);
/** Some three times what the small model reads at once; each line is what somebody says. */
const longSource = Array.from(
  { length: 90 },
  (_, n) => `Doctor: question ${n} about the cough, please?\nPatient: answer ${n}, and it is no better.\n`,
).join('');

async function begin(page: Page, text: string): Promise<void> {
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill(text);
}
const tab = (page: Page, name: string | RegExp) => page.getByRole('tab', { name });

test('a second task waits for the first; both are kept, edited and accepted on their own, also over a sign-out', async ({
  home,
  quickModels,
  launch,
}) => {
  const { page } = await launch({ home, ...withModel(quickModels) });
  await begin(page, source);
  await writeDraft(page, 'SOAP note');
  await writeDraft(page, 'Visit summary');
  await expect(tab(page, /^Visit summary/)).toContainText(/before it|Writing|Ready/);
  await expect(tab(page, /^SOAP note/)).toContainText('Ready to read', { timeout: 240_000 });
  await expect(tab(page, /^Visit summary/)).toContainText('Ready to read', { timeout: 240_000 });
  await button(page, 'Edit').click();
  await page.getByLabel('Draft text').fill('An edited summary.');
  await button(page, 'Done').click();
  await button(page, 'Accept as final').click();
  await expect(tab(page, /^Visit summary/)).toContainText('Accepted');
  await tab(page, /^Visit summary/).press('ArrowLeft');
  await expect(tab(page, /^SOAP note/)).toHaveAttribute('aria-selected', 'true');
  await expect(draftText(page)).not.toHaveText('An edited summary.');
  await expect(button(page, 'Accept as final')).toBeEnabled();
  await signOut(page);
  await signIn(page, clinician);
  await expect(tab(page, /^SOAP note/)).toHaveAttribute('aria-selected', 'true');
  await tab(page, /^Visit summary/).click();
  await expect(draftText(page)).toHaveText('An edited summary.');
  await expect(tab(page, /^Visit summary/)).toContainText('Accepted');
});

test('a draft that waits can be called off, and is recorded as stopped', async ({ home, launch }) => {
  const app = await launch({ home });
  const { page } = app;
  await begin(page, source);
  const inference = await processId(app, 'Cloister inference');
  await writeDraft(page, 'SOAP note');
  // Held for a moment, so that the second one is sure to wait.
  process.kill(inference, 'SIGSTOP');
  await writeDraft(page, 'Visit summary');
  await expect(tab(page, /^Visit summary/)).toContainText('1 before it');
  await button(page, 'Call off').click();
  await expect(tab(page, /^Visit summary/)).toContainText('Unfinished');
  process.kill(inference, 'SIGCONT');
  await expect(tab(page, /^SOAP note/)).toContainText('Ready to read', { timeout: 240_000 });
});

test('AC-35: a source that is too long is worked through in parts with consent; the receipt shows each part in the source, and is in the record', async ({
  home,
  quickModels,
  launch,
}) => {
  const { page } = await launch({ home, ...withModel(quickModels) });
  await begin(page, longSource);
  await expect(page.getByRole('meter')).toHaveAttribute(
    'aria-valuetext',
    /About [\d,]+ words too long for one go/,
  );
  const inParts = button(page, /^Work through it in \d+ parts$/);
  await expect(inParts).toBeEnabled();
  const parts = Number(/\d+/.exec(await inParts.innerText())?.[0]);
  await inParts.click();
  await draftEnded(page);
  await expect(page.getByText(`Joined from notes on ${parts} parts.`)).toBeVisible();
  const receipt = page.getByText(
    new RegExp(
      `The model read all ${longSource.length.toLocaleString('en')} characters of the source in ${parts} parts`,
    ),
  );
  await receipt.click();
  const steps = page.getByRole('listitem').filter({ hasText: /entry \d+/ });
  await expect(steps).toHaveCount(parts + 1);
  await steps.nth(1).getByRole('button', { name: 'Show in the source' }).click();
  const shown = await sourceField(page).evaluate((field: HTMLTextAreaElement) =>
    field.value.slice(field.selectionStart, field.selectionEnd),
  );
  expect(shown).toMatch(/^(Doctor|Patient): /);
  await expect(steps.nth(1)).toContainText(`Part 2 of ${parts}`);
  await button(page, 'Record').click();
  await expect(page.getByRole('cell', { name: 'Draft requested' })).toHaveCount(parts + 1);
  await openRecord(page, 'Draft completed');
  await page.locator('.record details summary').click();
  await expect(page.locator('.code-block')).toContainText('"steps":[');
});

test('a changed draft that was written in parts is written in parts again, after a question', async ({
  home,
  quickModels,
  launch,
}) => {
  const { page } = await launch({ home, ...withModel(quickModels) });
  await begin(page, longSource);
  const inParts = button(page, /^Work through it in \d+ parts$/);
  await inParts.click();
  await draftEnded(page);
  await button(page, 'Edit').click();
  await page.getByLabel('Draft text').fill('Changed by hand.');
  await button(page, 'Done').click();
  await inParts.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Write again' }).click();
  await expect(page.getByText(/Part 1 of \d+/)).toBeVisible();
  await draftEnded(page);
  await expect(draftText(page)).not.toHaveText('Changed by hand.');
  await expect(page.getByText(/Joined from notes on \d+ parts\./)).toBeVisible();
});

test('a further question goes on from a draft, and is a draft of its own', async ({
  home,
  quickModels,
  launch,
}) => {
  const { page } = await launch({ home, ...withModel(quickModels) });
  await begin(page, source);
  await writeDraft(page, 'SOAP note');
  await draftEnded(page);
  await page.getByLabel('Ask something further about this draft').fill('Since when?');
  await page.keyboard.press('Enter');
  await expect(tab(page, /^Since when\?/)).toContainText('Ready to read', { timeout: 240_000 });
  await expect(page.getByText(/The model read all [\d,]+ characters of the source/)).toBeVisible();
  await button(page, 'Record').click();
  await openRecord(page, 'Draft requested');
  await expect(page.getByTestId('payload-prompt')).toHaveText('Since when?');
});

test('a task that asks for a table gives one, which is copied as lines', async ({ home, launch }) => {
  const answer = '{"rows":[{"problem":"cough","status":"active","evidence":"nine days"}]}';
  const models = writeTinyModels(['--layers', '1', '--script', answer, '--afterwards', 'end', '--one-token']);
  const { app, page } = await launch({ home, ...withModel(models) });
  await begin(page, source);
  await writeDraft(page, 'Problem list');
  await draftEnded(page);
  const table = page.getByRole('table', { name: 'Problem list' });
  await expect(table.getByRole('row')).toHaveText(['ProblemStatusIn the source', 'coughactivenine days']);
  await button(page, 'Copy').click();
  await expect(page.getByText('Copied, and recorded')).toBeVisible();
  const copied = await app.evaluate(({ clipboard }) => clipboard.readText());
  expect(copied).toBe('cough\tactive\tnine days');
  await button(page, 'Edit').click();
  await expect(page.getByLabel('Draft text')).toHaveValue(copied);
  rmSync(models.folder, { recursive: true });
});

test('a source on the desk is read before anybody asks, recorded first, and forgotten with it', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  await begin(page, source);
  await expect(page.getByText('Ready: the first words come sooner')).toBeVisible();
  await button(page, 'Clear').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Clear' }).click();
  await expect(page.getByText('Ready: the first words come sooner')).toHaveCount(0);
  await button(page, 'Record').click();
  await openRecord(page, 'Source given to the model ahead');
  await expect(page.getByTestId('payload-content')).toContainText('The patient came with a cough');
  await expect(page.getByRole('cell', { name: 'Source read ahead: ended' })).toBeVisible();
});

test('what is selected in a draft stays selected while the rest is written', async ({ home, launch }) => {
  const app = await launch({ home });
  const { page } = app;
  await midAnswer(app);
  const selected = await draftText(page).evaluate((draft) => {
    const begin = draft.firstChild;
    if (begin === null) return '';
    getSelection()?.setBaseAndExtent(begin, 0, begin, begin.textContent?.length ?? 0);
    return String(getSelection());
  });
  const before = (await draftText(page).textContent()) ?? '';
  await expect(draftText(page)).toContainText(new RegExp(`^.{${before.length + 10},}`, 's'));
  await button(page, 'Stop').click();
  await expect(unfinishedSign(page)).toBeVisible();
  expect(selected).not.toBe('');
  expect(await page.evaluate(() => String(getSelection()))).toBe(selected);
});
