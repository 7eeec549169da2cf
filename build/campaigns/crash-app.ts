import { setTimeout as delay } from 'node:timers/promises';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { z } from 'zod';
import { createHome, launchApp, type Home, type RunningApp } from '../../e2e/harness/launch-app.ts';
import { clinician, patientReference } from '../../e2e/harness/people.ts';
import { processTree } from '../../e2e/harness/process-tree.ts';
import {
  button,
  draftText,
  firstRun,
  modelReady,
  signIn,
  sourceField,
  writingSign,
} from '../../e2e/harness/screens.ts';
import { writeTinyModels, type Models } from '../../e2e/harness/tiny-model.ts';
import { readKeyring } from '../../electron/vault/keys/keyring-file.ts';
import { valueOf } from '../../electron/vault/keys/keys-fixture.ts';
import type { Round } from './crash-lane.ts';
import { createLedger } from './ledger.ts';
import { checkFolder, type RecordFinding, type RecordKeys } from './record-check.ts';

/** The whole app on a display, with a real model, killed with all its processes while an answer is on the screen. */
export const appPhase = 'the whole app, while an answer is on the screen';

const longestMs = 2500;
const appLimitMs = 60_000;

export async function playApp(
  rounds: number,
  random: () => number,
  onRound: (round: Round) => void,
): Promise<void> {
  const models = writeTinyModels();
  const home = createHome();
  try {
    const first = await launch(home, models);
    await firstRun(first);
    await first.close();
    for (let number = 0; number < rounds; number += 1) {
      const delayMs = random() * longestMs;
      const round = await playRound(home, models, delayMs);
      onRound({ phase: appPhase, number, delayMs, ...round });
    }
  } finally {
    home.remove();
    rmSync(models.folder, { recursive: true });
  }
}

async function launch(home: Home, models: Models): Promise<RunningApp> {
  const app = await launchApp({ home, modelsFolder: models.folder, catalogue: models.catalogue });
  app.page.setDefaultTimeout(appLimitMs);
  return app;
}

type Played = Pick<Round, 'killed' | 'open' | 'untold' | 'problems'>;

async function playRound(home: Home, models: Models, delayMs: number): Promise<Played> {
  try {
    const app = await launch(home, models);
    const shown = await workUntilKilled(app, delayMs);
    const before = checkCopy(home);
    const problems = [...before.problems, ...(await checkNextStart(home, models, shown))];
    return { killed: true, open: before.open, untold: 0, problems };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'something was thrown';
    return { killed: true, open: 0, untold: 0, problems: [problem.slice(0, 500)] };
  }
}

async function checkNextStart(home: Home, models: Models, shown: string): Promise<readonly string[]> {
  const app = await launch(home, models);
  try {
    await signIn(app.page, clinician);
    const onScreen = shown === '' ? '' : await draftText(app.page).innerText();
    const after = checkCopy(home);
    await button(app.page, 'Record').click();
    await button(app.page, 'Check the record now').click();
    await app.page.getByText(/The record is whole/).waitFor();
    return [
      ...after.problems.map((problem) => `after the sign-in: ${problem}`),
      ...(after.open === 0 ? [] : [`${after.open} requests are open after the sign-in`]),
      ...(onScreen.startsWith(shown) ? [] : ['something that was shown is not on the screen again']),
    ];
  } finally {
    await app.close();
  }
}

/** @returns what the page showed last; however it ends, the app is gone */
async function workUntilKilled({ app, page }: RunningApp, delayMs: number): Promise<string> {
  const root = app.process();
  const ended = new Promise<void>((resolve) => root.once('exit', () => resolve()));
  try {
    return await work(page, delayMs);
  } finally {
    for (const { id } of processTree(root.pid ?? 0)) kill(id);
    await ended;
  }
}

async function work(page: Page, delayMs: number): Promise<string> {
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill('A made-up cough for nine days.');
  // The button has another name where an earlier draft is on the desk.
  await sourceField(page).press('Control+Enter');
  // From here on the draft on the screen is the new one.
  await writingSign(page).waitFor();
  const until = performance.now() + delayMs;
  let shown = '';
  while (performance.now() < until) {
    shown = (await draftText(page).allInnerTexts()).join('');
    await delay(10);
  }
  return shown;
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // Its parent's end was faster.
  }
}

const hooksSchema = z.object({ rawKey: z.string() });

function keysOf(home: Home): RecordKeys {
  const { rawKey } = hooksSchema.parse(JSON.parse(readFileSync(home.hooks, 'utf8')));
  const read = valueOf(readKeyring(home.data));
  if (read === null) throw new Error('the app has no key file');
  return { dek: Buffer.from(rawKey, 'hex'), ...read.keyring.log };
}

function checkCopy(home: Home): RecordFinding {
  const keys = keysOf(home);
  const copy = join(home.folder, 'copy');
  cpSync(home.data, copy, { recursive: true });
  rmSync(join(copy, 'cloister.db-shm'), { force: true });
  try {
    return checkFolder(copy, keys, createLedger());
  } finally {
    rmSync(copy, { recursive: true });
  }
}
