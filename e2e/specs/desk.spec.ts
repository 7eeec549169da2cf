import { clinician, patientReference } from '../harness/people.ts';
import { button, draftEnded, modelReady, signIn, sourceField, writeDraft } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';
import { withModel } from '../harness/tiny-model.ts';

test('what is too long for its field is refused whole, by how much, and what stood there is kept', async ({
  home,
  launch,
}) => {
  const { app, page } = await launch({ home });
  const paste = async (text: string): Promise<void> => {
    await app.evaluate(async ({ clipboard }, written) => {
      await clipboard.writeText(written);
    }, text);
    await page.keyboard.press('Control+v');
  };
  await signIn(page, clinician);
  const source = sourceField(page);
  await source.fill('A made-up cough. ');
  await source.press('End');
  await paste('x'.repeat(400_000));
  const refusal = page.getByRole('alert');
  await expect(refusal).toContainText('17 characters too long');
  await expect(source).toHaveValue('A made-up cough. ');

  await page.getByRole('radio', { name: 'Free question' }).check();
  await page.getByLabel('Question', { exact: true }).focus();
  await paste('y'.repeat(4500));
  await expect(refusal).toContainText('500 characters too long');
  await expect(page.getByLabel('Question', { exact: true })).toHaveValue('');
  await page.getByLabel('Patient reference').focus();
  await paste(`SYN-${'1'.repeat(61)}`);
  await expect(refusal).toContainText('1 character too long');
  await expect(page.getByLabel('Patient reference')).toHaveValue('');
  await page.getByLabel('Patient reference').fill(patientReference);
  await expect(refusal).toHaveCount(0);

  await button(page, 'Record').click();
  const filter = page.getByLabel('Patient', { exact: true });
  await filter.focus();
  await paste(`SYN-${'2'.repeat(62)}`);
  await expect(filter).toHaveValue('');
  expect(await filter.evaluate((field: HTMLInputElement) => field.validationMessage)).toContain(
    '2 characters too long',
  );
  await paste('SYN-2');
  await expect(filter).toHaveValue('SYN-2');
  expect(await filter.evaluate((field: HTMLInputElement) => field.validationMessage)).toBe('');
});

test('the keys do what the buttons of the desk do, and only while it is in front', async ({
  home,
  launch,
}) => {
  const app = await launch({ home });
  const { page } = app;
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).press('Control+Enter');
  await expect(page.getByText('Paste or open a source first.')).toBeVisible();
  await expect(button(page, 'Stop')).toHaveCount(0);

  await sourceField(page).fill('A made-up cough for nine days.');
  await sourceField(page).press('Control+Enter');
  await expect(button(page, 'Stop')).toBeVisible();
  await button(page, 'Record').click();
  await page.keyboard.press('Escape');
  await button(page, new RegExp(clinician.name)).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await button(page, 'Workspace').click();
  await expect(button(page, 'Stop')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(button(page, 'Stop')).toHaveCount(0);
});

test('a cut in a draft takes the text out, once it is recorded', async ({ home, launch, quickModels }) => {
  const app = await launch({ home, ...withModel(quickModels) });
  const { page } = app;
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill('A made-up cough for nine days.');
  await writeDraft(page, 'SOAP note');
  await draftEnded(page);
  await button(page, 'Edit').click();
  const draft = page.getByLabel('Draft text');
  await draft.fill('First this. Then that.');
  await draft.evaluate((field: HTMLTextAreaElement) => {
    field.setSelectionRange(0, 'First this. '.length);
  });
  await page.keyboard.press('Control+x');
  await expect(draft).toHaveValue('Then that.');
  await draft.press('End');
  await page.keyboard.press('Control+v');
  await expect(draft).toHaveValue('Then that.First this. ');
});
