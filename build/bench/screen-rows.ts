import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { createHome, giveToApp, launchApp, type RunningApp } from '../../e2e/harness/launch-app.ts';
import { button, signIn } from '../../e2e/harness/screens.ts';
import { clinicianPassphrase } from '../../electron/vault/vault-fixture.ts';
import { keptRecord } from './record.ts';
import { vocabulary } from './record-entries.ts';
import { percentile, type Row, type Sides } from './row.ts';

/** A record that nobody has to wait for. */
const smallRecord = 1000;
const searchesPerRound = 24;

/** On the real screen: from the click or the key to the frame that has the rows. The clinician wrote a quarter of the record. */
export const screenRows: readonly Row[] = [
  {
    id: 'log.screen.first_rows_ms',
    what: 'ms from the click on Record until its first rows are on the screen',
    unit: 'ms',
    baseline: `ms of the same in a record of ${smallRecord} entries`,
    goal: 150,
    better: 'lower',
    pairs: 15,
    budgetMs: 60_000,
    open: (entries) => openSides(entries, openRecord),
  },
  {
    id: 'log.search.p95_ms',
    what: 'ms, p95, from Enter in the search, or the choice of a filter, until what was found is on the screen; each search is recorded first',
    unit: 'ms',
    baseline: `ms, p95, of the same in a record of ${smallRecord} entries`,
    goal: 150,
    better: 'lower',
    pairs: 7,
    budgetMs: 120_000,
    open: (entries) => openSides(entries, lookThrough),
  },
];

async function openSides(entries: number, measure: (page: Page) => Promise<number>): Promise<Sides> {
  const large = await openApp(entries);
  const small = await openApp(smallRecord);
  return {
    ours: () => measure(large.page),
    peer: () => measure(small.page),
    close: async () => {
      for (const app of [large, small]) {
        await app.close();
        app.home.remove();
      }
    },
  };
}

/** A copy, since what is looked for is recorded. There is no model, so nothing else is being done. */
async function openApp(entries: number): Promise<RunningApp> {
  const record = await keptRecord(entries);
  const home = createHome();
  const modelsFolder = join(home.folder, 'models');
  mkdirSync(modelsFolder);
  cpSync(join(record.folder, 'data'), home.data, { recursive: true });
  giveToApp(home.folder);
  const app = await launchApp({ home, modelsFolder });
  app.page.setDefaultTimeout(10_000);
  await signIn(app.page, { name: 'Cleo Clinician', passphrase: clinicianPassphrase });
  return app;
}

async function openRecord(page: Page): Promise<number> {
  await button(page, 'Workspace').click();
  await page.locator('.log-table').waitFor({ state: 'detached' });
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const startedAt = performance.now();
        const look = (): void => {
          if (document.querySelector('.log-table [data-entry]') === null) requestAnimationFrame(look);
          else resolve(performance.now() - startedAt);
        };
        const buttons = [...document.querySelectorAll('button')];
        buttons.find(({ textContent }) => textContent.trim() === 'Record')?.click();
        look();
      }),
  );
}

/** The same searches in each run: common words, rare ones, two at once, and beginnings; and filters. */
async function lookThrough(page: Page): Promise<number> {
  if ((await page.locator('.log-table').count()) === 0) await openRecord(page);
  const times: number[] = [];
  for (let search = 0; search < searchesPerRound; search += 1) {
    if (search % 6 === 5)
      times.push(await filterBy(page, search % 4 === 1 ? 'Draft requested' : 'Draft completed'));
    else times.push(await searchFor(page, queryNumber(search)));
  }
  return percentile(times, 0.95);
}

const word = (n: number): string => vocabulary[n % vocabulary.length] ?? '';

/** From the commonest word on: the nth is the 2nd, 4th, 8th, ... */
function queryNumber(search: number): string {
  const one = word(Math.floor(1.5 ** search));
  if (search % 6 === 1) return `${one} ${word(7 * search)}`;
  if (search % 6 === 2) return one.slice(0, 4);
  return one;
}

async function searchFor(page: Page, query: string): Promise<number> {
  const end = button(page, 'End the search');
  if ((await end.count()) > 0) await end.click();
  await page.locator('.log-table[data-found="false"] [data-entry]').first().waitFor();
  await page.locator('.place-found').first().waitFor({ state: 'detached' });
  await page.getByRole('searchbox').fill(query);
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const startedAt = performance.now();
        const look = (): void => {
          if (document.querySelector('.place-found, .empty-list') === null) requestAnimationFrame(look);
          else resolve(performance.now() - startedAt);
        };
        document.querySelector<HTMLFormElement>('form.log-search')?.requestSubmit();
        look();
      }),
  );
}

async function filterBy(page: Page, choice: string): Promise<number> {
  const end = button(page, 'End the search');
  if ((await end.count()) > 0) await end.click();
  await page.locator('.place-found').first().waitFor({ state: 'detached' });
  const elapsedMs = await page.evaluate(
    (wanted) =>
      new Promise<number>((resolve, reject) => {
        const option = [...document.querySelectorAll('option')].find(
          ({ textContent }) => textContent === wanted,
        );
        const select = option?.closest('select');
        if (option === undefined || select === null || select === undefined) {
          reject(new Error(`there is no filter ${wanted}`));
          return;
        }
        const startedAt = performance.now();
        const look = (): void => {
          const rows = [...document.querySelectorAll('.log-table tbody tr:not(.gap)')];
          const isFiltered =
            rows.length > 0 &&
            rows.every((row) => [...row.children].some(({ textContent }) => textContent === wanted));
          if (isFiltered) resolve(performance.now() - startedAt);
          else requestAnimationFrame(look);
        };
        select.value = option.value;
        select.dispatchEvent(new Event('change', { bubbles: true }));
        look();
      }),
    choice,
  );
  await button(page, 'Clear filters').click();
  return elapsedMs;
}
