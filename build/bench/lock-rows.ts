import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { createHome, launchApp, processId, type RunningApp } from '../../e2e/harness/launch-app.ts';
import { clinician, patientReference } from '../../e2e/harness/people.ts';
import {
  draftText,
  firstRun,
  modelReady,
  signIn,
  sourceField,
  writingSign,
} from '../../e2e/harness/screens.ts';
import type { Row } from './row.ts';

const giveUpMs = 20_000;

/**
 * The whole way on the real app, with the real model writing on all cores. The window counts as blank when Chromium has
 * left the page for the blank one and the test driver has heard of it; the picture on the display follows up to 100 ms
 * later (seen in the frame buffer of Xvfb), still before the vault has ended, which is last.
 */
export const lockRow: Row = {
  id: 'lock.ms',
  what: 'ms from Ctrl+L, while the model writes an answer, until the window has left its page and the processes of page, vault and inference are gone',
  unit: 'ms',
  baseline: 'ms from SIGKILL to the end of an idle process of the same runtime',
  goal: 500,
  better: 'lower',
  pairs: 9,
  budgetMs: 120_000,
  async open() {
    const home = createHome();
    const app = await launchApp({ home });
    await firstRun(app);
    return {
      ours: () => lockAtWork(app),
      peer: killIdle,
      close: async () => {
        await app.close();
        home.remove();
      },
    };
  },
};

async function lockAtWork(app: RunningApp): Promise<number> {
  const { page } = app;
  await work(page);
  const processes = await sessionProcesses(app);
  const blank = page.waitForEvent('framenavigated', {
    predicate: (frame) => frame === page.mainFrame() && frame.url() === 'about:blank',
    timeout: giveUpMs,
  });
  const startedAt = performance.now();
  // The page that takes the key is gone before it can say so.
  void page.keyboard.press('Control+l').catch(() => undefined);
  await Promise.all([blank, ...processes.map(gone)]);
  const elapsedMs = performance.now() - startedAt;
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  return elapsedMs;
}

/** A clinician is signed in, and the answer is being written. */
async function work(page: Page): Promise<void> {
  await signIn(page, clinician);
  await modelReady(page);
  await page.getByLabel('Patient reference').fill(patientReference);
  await sourceField(page).fill('The patient coughs since Monday and sleeps badly.');
  // The button has another name where an earlier draft is on the desk.
  await sourceField(page).press('Control+Enter');
  await writingSign(page).waitFor({ timeout: 60_000 });
  await draftText(page).filter({ hasText: /\S{3}/ }).waitFor();
}

async function sessionProcesses(app: RunningApp): Promise<readonly number[]> {
  const pageProcess = await app.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
  );
  if (pageProcess === undefined) throw new Error('the app has no window');
  return [pageProcess, await processId(app, 'Cloister vault'), await processId(app, 'Cloister inference')];
}

async function gone(processNumber: number): Promise<void> {
  const until = performance.now() + giveUpMs;
  while (isThere(processNumber)) {
    if (performance.now() > until) throw new Error('a process outlived the lock');
    await delay(1);
  }
}

function isThere(processNumber: number): boolean {
  try {
    return process.kill(processNumber, 0);
  } catch {
    return false;
  }
}

async function killIdle(): Promise<number> {
  const script = "process.stdout.write('.'); process.stdin.resume();";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  const startedAt = performance.now();
  child.kill('SIGKILL');
  await ended;
  return performance.now() - startedAt;
}
