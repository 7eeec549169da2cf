import { argon2id } from 'hash-wasm';
import { createHome, launchApp, type RunningApp } from '../../e2e/harness/launch-app.ts';
import { administrator, clinician, secondClinician } from '../../e2e/harness/people.ts';
import { addPerson, enrol, firstRun, modelReady, signIn, signOut } from '../../e2e/harness/screens.ts';
import { recommendedKdf } from '../../electron/vault/keys/argon2.ts';
import type { Row } from './row.ts';

/**
 * Two clinicians take turns at one computer. The driver types a passphrase in no time, so all of this is what a person waits
 * for: the lock, the next sign-in, and a new inference process that has read the real model from the page cache.
 */
export const switchRow: Row = {
  id: 'switch.ms',
  what: 'ms from Ctrl+L of one clinician until the next one is signed in and a new process has the model ready',
  unit: 'ms',
  baseline: 'ms of Argon2id alone (hash-wasm), the part of it that nobody can shorten',
  goal: 3000,
  better: 'lower',
  pairs: 9,
  budgetMs: 120_000,
  async open() {
    const home = createHome();
    const app = await launchApp({ home });
    await firstRun(app);
    const { page } = app;
    await signIn(page, administrator);
    const code = await addPerson(page, secondClinician.name, 'Clinician');
    await signOut(page);
    await enrol(page, secondClinician.name, code, secondClinician.passphrase);
    await modelReady(page);
    const people = [clinician, secondClinician] as const;
    let turn = 0;
    return {
      ours: () => {
        const next = people[turn % people.length] ?? clinician;
        turn += 1;
        return switchTo(app, next);
      },
      peer: deriveOnly,
      close: async () => {
        await app.close();
        home.remove();
      },
    };
  },
};

async function switchTo(
  { page }: RunningApp,
  next: { readonly name: string; readonly passphrase: string },
): Promise<number> {
  const startedAt = performance.now();
  // The page that takes the key is gone before it can say so.
  void page.keyboard.press('Control+l').catch(() => undefined);
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  await signIn(page, next);
  await modelReady(page);
  return performance.now() - startedAt;
}

async function deriveOnly(): Promise<number> {
  const startedAt = performance.now();
  await argon2id({
    password: clinician.passphrase,
    salt: Buffer.alloc(16, 1),
    memorySize: recommendedKdf.memoryKiB,
    iterations: recommendedKdf.iterations,
    parallelism: recommendedKdf.parallelism,
    hashLength: 32,
    outputType: 'binary',
  });
  return performance.now() - startedAt;
}
