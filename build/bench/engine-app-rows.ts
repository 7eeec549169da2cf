import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { importNodeLlamaCpp } from '../../electron/inference/node-llama-cpp.ts';
import { threadChoiceSchema, type ThreadChoice } from '../../electron/links/model-port.ts';
import { createHome, giveToApp, launchApp } from '../../e2e/harness/launch-app.ts';
import { clinician, patientReference } from '../../e2e/harness/people.ts';
import {
  button,
  draftEnded,
  draftText,
  firstRun,
  modelReady,
  signIn,
  sourceField,
} from '../../e2e/harness/screens.ts';
import { checkout } from '../setup/cache-folder.mjs';
import { requestText, templateFor } from '../../electron/vault/turns/templates.ts';
import { reservedAnswerTokens } from '../../electron/vault/turns/turn-request.ts';
import { readCsv } from '../campaigns/read-csv.ts';
import { openPlain } from './engine-bench.ts';
import { llamaBench, llamaCppTool } from './llama-cpp.ts';
import { startLlamaServer } from './llama-server.ts';
import { measuredModel, type MeasuredModel } from './measured-model.ts';
import type { Row } from './row.ts';

type BenchApp = {
  readonly page: Page;
  readonly model: MeasuredModel;
  readonly choice: ThreadChoice;
  close(): Promise<void>;
};

/** The real app with the model that is measured, and a clinician at its desk. */
async function openBenchApp(): Promise<BenchApp | { readonly skipped: string }> {
  const model = await measuredModel();
  if (model === null) return { skipped: 'the embedded model is not in the cache' };
  const home = createHome();
  const { path, ...facts } = model.specification;
  const catalogue = join(home.folder, 'catalogue.json');
  const approved = { id: 'measured', file: basename(path), ...facts };
  const entry = { ...approved, licence: 'not said', repository: 'not said', use: 'measuring' };
  writeFileSync(catalogue, JSON.stringify({ version: 1, default: 'measured', models: [entry] }));
  giveToApp(catalogue);
  const app = await launchApp({ home, modelsFolder: dirname(path), catalogue });
  await firstRun(app);
  await signIn(app.page, clinician);
  await modelReady(app.page);
  await app.page.getByLabel('Patient reference').fill(patientReference);
  await app.page.getByRole('radio', { name: 'Visit summary' }).check();
  const [choice] = Object.values(
    z
      .record(z.string(), threadChoiceSchema)
      .parse(JSON.parse(readFileSync(join(home.data, 'engine-threads.json'), 'utf8'))),
  );
  if (choice === undefined) throw new Error('the app measured no model');
  return {
    page: app.page,
    model,
    choice,
    close: async () => {
      await app.close();
      home.remove();
    },
  };
}

/** Text in the page over time: ms, and characters that stood there. */
type Seen = readonly (readonly [atMs: number, characters: number])[];

/** Asks for a draft, watches the page until so many characters stand there or the draft ends, and stops it. */
async function watchDraft(page: Page, characters: number): Promise<{ seen: Seen; text: string }> {
  await page.evaluate((wanted) => {
    const record: [number, number][] = [];
    const shown = (): string => document.querySelector('[data-testid="draft-text"]')?.textContent ?? '';
    const hasEnded = (): boolean =>
      [...document.querySelectorAll('button')].some(
        (found) => found.textContent?.trim() === 'Accept as final' && !found.disabled,
      );
    // An earlier draft stands there until the new one begins.
    const before = shown();
    // Nobody asks from outside meanwhile: that would take time from what is measured.
    const seen = new Promise<[number, number][]>((resolve, reject) => {
      const watcher = new MutationObserver(() => {
        const text = shown();
        if (text !== '' && text !== before && record.at(-1)?.[1] !== text.length)
          record.push([performance.now(), text.length]);
        if (record.length > 1 && (text.length >= wanted || hasEnded())) {
          watcher.disconnect();
          resolve(record);
        }
      });
      watcher.observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
        attributeFilter: ['disabled'],
      });
      setTimeout(() => {
        reject(new Error('no draft in five minutes'));
      }, 300_000);
    });
    addEventListener('keydown', () => record.splice(0, record.length, [performance.now(), 0]), {
      once: true,
    });
    Object.assign(globalThis, { seenDraft: seen });
  }, characters);
  // The button has another name where an earlier draft is on the desk.
  await sourceField(page).press('Control+Enter');
  const seen = await page.evaluate(
    () => (globalThis as never as { seenDraft: Promise<[number, number][]> }).seenDraft,
  );
  const text = (await draftText(page).textContent()) ?? '';
  // One that has ended by itself has no such button.
  await button(page, 'Stop')
    .click({ timeout: 2000 })
    .catch(() => undefined);
  await draftEnded(page);
  return { seen, text };
}

async function tokenCounter(path: string): Promise<(text: string) => number> {
  const { getLlama } = await importNodeLlamaCpp();
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, progressLogs: false });
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true, gpuLayers: 0 });
  return (text) => model.tokenize(text).length;
}

const visit = readFileSync(join(checkout, 'e2e/fixtures/visit-transcript.txt'), 'utf8');
const tool = llamaCppTool('llama-bench');
/** Tokens of what stands around a short source. */
const shortPromptTokens = 160;
const charactersWatched = 800;

const generateRow: Row = {
  id: 'engine.generate.ratio',
  what: 'tokens/s as they stand in the page of the real app, recorded before',
  unit: 'ratio',
  baseline: tool === null ? 'tokens/s of node-llama-cpp alone (no llama.cpp)' : 'tokens/s of llama-bench',
  goal: 0.97,
  better: 'higher',
  // The machine's speed drifts by more than what is to be seen here.
  pairs: 15,
  budgetMs: 400_000,
  async open() {
    const app = await openBenchApp();
    if ('skipped' in app) return app;
    const { page, model, choice } = app;
    const count = await tokenCounter(model.specification.path);
    const plain = tool === null ? await openPlain(app) : null;
    let round = 0;
    return {
      ours: async () => {
        round += 1;
        await sourceField(page).fill(`Visit ${round}: the patient coughs since Monday and sleeps badly.`);
        const { seen, text } = await watchDraft(page, charactersWatched);
        const [, first] = seen;
        const last = seen.at(-1);
        if (first === undefined || last === undefined) throw new Error('no text came');
        const tokens = count(text.slice(0, last[1])) - count(text.slice(0, first[1]));
        return (tokens * 1000) / (last[0] - first[0]);
      },
      peer: async () => {
        const answerTokens = Math.round(charactersWatched / 4);
        if (plain !== null)
          return (await plain.time(shortPromptTokens, 2, answerTokens)).tokensPerSecond ?? Number.NaN;
        const { threads } = choice;
        const { path } = model.specification;
        return llamaBench({ tool: tool ?? '', model: path, threads, answerTokens, depth: shortPromptTokens });
      },
      close: async () => {
        await app.close();
        await plain?.close();
      },
    };
  },
};

/** From the key that asks to the first text in the page. */
async function firstTextMs(page: Page, text: string, openForMs: number): Promise<number> {
  await sourceField(page).fill(text);
  await delay(openForMs);
  const { seen } = await watchDraft(page, 1);
  const [asked, first] = seen;
  if (asked === undefined || first === undefined) throw new Error('no text came');
  return first[0] - asked[0];
}

const prefillRow: Row = {
  id: 'engine.prefill_on_open.ratio',
  what: 'ms from the key to the first word in the page, 10 seconds after the source was opened',
  unit: 'ratio',
  baseline: 'the same, asked at once',
  goal: 0.2,
  better: 'lower',
  pairs: 7,
  budgetMs: 300_000,
  async open() {
    const app = await openBenchApp();
    if ('skipped' in app) return app;
    let round = 0;
    const fresh = (): string => {
      round += 1;
      return `Visit number ${round}.\n${visit}`;
    };
    return {
      ours: () => firstTextMs(app.page, fresh(), 10_000),
      peer: () => firstTextMs(app.page, fresh(), 0),
      close: () => app.close(),
    };
  },
};

const noteTokens = 200;
const visitsMeasured = 4;

const visitNoteRow: Row = {
  id: 'engine.visit_note.ratio',
  what: `ms from the key to ${noteTokens} tokens of a visit note in the page, 15 seconds after the source was opened; without proposals`,
  unit: 'ratio',
  baseline: 'ms of llama-server for as many tokens, same model, threads and sampling, nothing read before',
  goal: 0.7,
  better: 'lower',
  pairs: visitsMeasured * 2,
  budgetMs: 600_000,
  async open() {
    const csv = process.env['CLOISTER_VISITS'];
    const server = llamaCppTool('llama-server');
    if (csv === undefined || server === null)
      return { skipped: 'it takes CLOISTER_LLAMA_CPP, and visits (CLOISTER_VISITS: a CSV of ACI-BENCH)' };
    const app = await openBenchApp();
    if ('skipped' in app) return app;
    const { page, model, choice } = app;
    const { path, contextTokens } = model.specification;
    const count = await tokenCounter(path);
    const room = contextTokens - reservedAnswerTokens - shortPromptTokens;
    const visits = readCsv(readFileSync(csv, 'utf8'))
      .map(({ dialogue = '' }) => dialogue)
      .filter((dialogue) => count(dialogue) < room)
      .slice(0, visitsMeasured);
    if (visits.length < visitsMeasured) {
      await app.close();
      return { skipped: `fewer than ${visitsMeasured} visits fit the model` };
    }
    const peer = await startLlamaServer({
      tool: server,
      model: path,
      threads: choice.threads,
      contextTokens,
    });
    const rounds = { ours: 0, peer: 0 };
    /** Tokens that the app wrote last: a model that ends early is compared with as few. */
    let written = noteTokens;
    return {
      ours: async () => {
        const dialogue = visits[rounds.ours++ % visitsMeasured] ?? '';
        await sourceField(page).fill(dialogue);
        await delay(15_000);
        const { seen, text } = await watchDraft(page, noteTokens * 5);
        const [asked] = seen;
        const last =
          seen.find(([, characters]) => count(text.slice(0, characters)) >= noteTokens) ?? seen.at(-1);
        if (asked === undefined || last === undefined) throw new Error('no text came');
        written = Math.min(noteTokens, count(text.slice(0, last[1])));
        return last[0] - asked[0];
      },
      peer: async () => {
        const sourceText = visits[rounds.peer++ % visitsMeasured] ?? '';
        const { text } = requestText({ taskId: 'visit-summary', sourceText, question: '' });
        return peer.answer(templateFor('visit-summary').system, text, written);
      },
      close: async () => {
        peer.close();
        await app.close();
      },
    };
  },
};

export const engineAppRows: readonly Row[] = [generateRow, prefillRow, visitNoteRow];
