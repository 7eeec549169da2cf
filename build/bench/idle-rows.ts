import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createHome, giveToApp, launchApp, launchBare, type Home } from '../../e2e/harness/launch-app.ts';
import { processTree } from '../../e2e/harness/process-tree.ts';
import { firstRun } from '../../e2e/harness/screens.ts';
import type { Row } from './row.ts';

const settleMs = 3000;
const common = { unit: 'ratio', pairs: 9, budgetMs: 90_000, better: 'lower' } as const;

/** An Electron app that does nothing but show a heading. */
function bareApp(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-bare-'));
  writeFileSync(join(folder, 'package.json'), '{"name":"bare","main":"main.cjs"}');
  writeFileSync(
    join(folder, 'main.cjs'),
    "const { app, BrowserWindow } = require('electron');\n" +
      "app.whenReady().then(() => new BrowserWindow({ width: 1280, height: 800 }).loadFile('page.html'));\n",
  );
  writeFileSync(join(folder, 'page.html'), '<!doctype html><title>Bare</title><h1>Bare</h1>');
  giveToApp(folder);
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** @returns the proportional share of memory of a process and all below it, in MB */
function sharedMemory(root: number): number {
  return processTree(root).reduce((total, { id }) => {
    const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1];
    return total + Number(kilobytes) / 1000;
  }, 0);
}

type Measures = { readonly firstScreenMs: number; readonly megabytes: number };
type Started = Awaited<ReturnType<typeof launchBare>>;

async function measured(app: Started, weigh: boolean): Promise<Measures> {
  if (weigh) await delay(settleMs);
  const root = app.app.process().pid;
  const megabytes = weigh && root !== undefined ? sharedMemory(root) : 0;
  await app.close();
  return { firstScreenMs: app.firstScreenMs, megabytes };
}

function idleRow(row: Pick<Row, 'id' | 'what' | 'baseline' | 'goal'>, of: keyof Measures): Row {
  return {
    ...common,
    ...row,
    async open() {
      if (process.platform !== 'linux') return { skipped: 'memory is read from /proc, which Linux has' };
      const home: Home = createHome();
      const models = join(home.folder, 'no-models');
      mkdirSync(models);
      giveToApp(models);
      // What a person meets on every day but one is the sign-in.
      const fresh = await launchApp({ home, modelsFolder: models });
      await firstRun(fresh);
      await fresh.close();
      const bare = bareApp();
      const weigh = of === 'megabytes';
      return {
        ours: async () => (await measured(await launchApp({ home, modelsFolder: models }), weigh))[of],
        peer: async () => (await measured(await launchBare(home, bare.folder), weigh))[of],
        close: async () => {
          bare.remove();
          home.remove();
        },
      };
    },
  };
}

export const idleRows: readonly Row[] = [
  idleRow(
    {
      id: 'app.idle_rss.ratio',
      what: 'MB of the app at the sign-in, without a model: all processes, shared memory counted by its share',
      baseline: 'MB of an Electron app with one empty window',
      goal: 1.4,
    },
    'megabytes',
  ),
  idleRow(
    {
      id: 'app.cold_start.ratio',
      what: 'ms from the start to the sign-in',
      baseline: 'ms of an Electron app with one heading in its window',
      goal: 1.5,
    },
    'firstScreenMs',
  ),
];
