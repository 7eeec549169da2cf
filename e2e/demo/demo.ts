import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkout } from '../../build/setup/cache-folder.mjs';
import { ownFolder } from '../../build/setup/unprivileged.mjs';
import { createHome, launchApp, type Home, type RunningApp } from '../harness/launch-app.ts';
import { administrator, clinician, patientReference } from '../harness/people.ts';
import {
  button,
  draftEnded,
  draftText,
  exportBundle,
  firstRun,
  modelReady,
  openRecord,
  openSource,
  signIn,
  signOut,
  writeDraft,
  type Shots,
} from '../harness/screens.ts';
import { flipOneByte, memberText, verify } from './bundle.ts';
import { answerFacts, inventory, percentile, readHooks, type Report } from './report.ts';

/**
 * The main job once, on the real app: first run, a SOAP note from a made-up visit, edited and accepted, an export by IT,
 * the verifier, and one flipped byte that it must find. Leaves screenshots, the bundle, the key and report.json.
 */
const { values } = parseArgs({ options: { out: { type: 'string', default: 'demo-output' } } });
const out = resolve(values.out);
const transcript = join(checkout, 'e2e/fixtures/visit-transcript.txt');

console.log('\nCloister demo: the real app, a real model, a made-up visit.\n');
rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, 'screenshots'), { recursive: true });
const home = createHome();
try {
  const worked = await clinicianPart(home);
  await darkPart(home);
  const bundle = await administratorPart(home);
  const verdict = checkBundle(bundle);
  writeReport({ ...worked, ...verdict, bundle });
} finally {
  home.remove();
}

function step(text: string): void {
  console.log(`  ${text}`);
}

function shotsOf({ page }: RunningApp, theme: 'light' | 'dark'): Shots {
  return async (name) => {
    await page.screenshot({ path: join(out, 'screenshots', `${name}-${theme}.png`) });
  };
}

async function clinicianPart(where: Home) {
  const app = await launchApp({ home: where, theme: 'light' });
  const { page } = app;
  const shot = shotsOf(app, 'light');
  step(`first screen after ${(app.firstScreenMs / 1000).toFixed(1)} s`);
  await firstRun(app, shot);
  step('first run: organisation, administrator, two proven recovery keys, clinician');
  await shot('sign-in');
  await signIn(page, clinician);
  await modelReady(page);
  await openSource(page, patientReference, transcript);
  await shot('workspace-source');
  step('the clinician opened the transcript of a visit');
  await writeDraft(page, 'SOAP note');
  await draftText(page).filter({ hasText: /\S{4}/ }).waitFor({ timeout: 120_000 });
  await shot('workspace-writing');
  await draftEnded(page);
  await shot('workspace-draft');
  step('the model on this computer wrote a SOAP note');
  await editAndAccept(app, shot);
  step('edited and accepted: recorded as the difference to the draft');
  await button(page, 'Record').click();
  await openRecord(page, 'Draft completed');
  await page.getByTestId('payload-response').waitFor();
  await shot('record-clinician');
  await signOut(page);
  const hooks = readHooks(where.hooks);
  await app.close();
  if (hooks === null) throw new Error('the app noted nothing to measure');
  return { firstScreenMs: app.firstScreenMs, hooks };
}

async function editAndAccept({ page }: RunningApp, shot: Shots): Promise<void> {
  await button(page, 'Edit').click();
  const editor = page.getByLabel('Draft text');
  const draft = await editor.inputValue();
  await editor.fill(`${draft}\n\nRead against the conversation. Return in two weeks for spirometry.`);
  await shot('workspace-editing');
  await button(page, 'Done').click();
  await button(page, 'Accept as final').click();
  await page.getByText(/Accepted as final · entry/).waitFor();
  await shot('workspace-accepted');
}

/** Once more in the dark: what was on the desk is there again, and the lock screen. */
async function darkPart(where: Home): Promise<void> {
  const app = await launchApp({ home: where, theme: 'dark' });
  const shot = shotsOf(app, 'dark');
  await shot('sign-in');
  await signIn(app.page, clinician);
  await modelReady(app.page);
  await draftText(app.page).waitFor();
  await shot('workspace-draft');
  await button(app.page, 'Record').click();
  await openRecord(app.page, 'Note accepted');
  await app.page.getByTestId('payload-diff').waitFor();
  await shot('record-clinician');
  await button(app.page, 'Lock').click();
  await app.page.getByRole('heading', { name: 'Locked' }).waitFor();
  await shot('locked');
  await app.close();
}

async function administratorPart(where: Home): Promise<string> {
  const app = await launchApp({ home: where, theme: 'light' });
  const shot = shotsOf(app, 'light');
  const target = join(where.folder, 'removable');
  ownFolder(target);
  const bundle = join(target, 'cloister-audit.zip');
  await signIn(app.page, administrator);
  await button(app.page, 'Check the record now').click();
  await app.page.getByText(/The record is whole/).waitFor();
  await shot('record-administrator');
  await exportBundle(app, bundle, shot);
  await signOut(app.page);
  await app.close();
  copyFileSync(bundle, join(out, 'cloister-audit.zip'));
  step('IT checked the record and exported a signed bundle');
  return join(out, 'cloister-audit.zip');
}

function checkBundle(bundle: string) {
  const key = join(out, 'log.vkey');
  writeFileSync(key, memberText(bundle, 'keys/log.vkey'));
  const good = verify(bundle, key);
  const leafCount = good.answer.treeSize;
  if (good.exitCode !== 0 || leafCount === undefined)
    throw new Error(`the verifier refused the bundle: ${JSON.stringify(good.answer)}`);
  step(`the verifier accepts the bundle: ${leafCount} entries in ${(good.elapsedMs / 1000).toFixed(2)} s`);
  const entry = Math.floor(leafCount / 2);
  const copy = join(out, 'cloister-audit-one-bit-flipped.zip');
  flipOneByte(bundle, copy, entry);
  const bad = verify(copy, key);
  if (bad.exitCode !== 1 || bad.answer.entry !== entry)
    throw new Error(`the flipped bit in entry ${entry} was not named: ${JSON.stringify(bad.answer)}`);
  step(`one bit of entry ${entry} flipped in a copy: the verifier names entry ${entry}`);
  return { leafCount, verifyMs: good.elapsedMs };
}

type Measured = Awaited<ReturnType<typeof clinicianPart>> &
  ReturnType<typeof checkBundle> & { readonly bundle: string };

function writeReport({ firstScreenMs, hooks, leafCount, verifyMs, bundle }: Measured): void {
  const { app, versions, model } = inventory(bundle);
  const answer = answerFacts(bundle);
  const { threads, ...engine } = hooks.model;
  const report: Report = {
    madeAt: new Date().toISOString(),
    machine: `${platform()} ${release()}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} threads`,
    versions: {
      cloister: app,
      ...versions,
      nodeLlamaCpp: engine.engineVersion,
      llamaCpp: engine.llamaCppRelease,
    },
    model,
    threads: {
      chosen: threads.threads,
      tokensPerSecond: threads.tokensPerSecond,
      candidates: threads.candidates,
    },
    timings: {
      firstScreenMs: Math.round(firstScreenMs),
      modelCheckMs: Math.round(engine.verifyMs),
      modelLoadMs: Math.round(engine.loadMs),
      timeToFirstTokenMs: answer.timeToFirstTokenMs,
      appendP50Ms: percentile(hooks.appendMs, 50),
      appendP99Ms: percentile(hooks.appendMs, 99),
      verifyMs: Math.round(verifyMs),
    },
    tokensPerSecond: (answer.answerTokens * 1000) / answer.generationMs,
    promptTokens: answer.coverage.promptTokens,
    answerTokens: answer.answerTokens,
    leafCount,
  };
  writeFileSync(join(out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  const { timings } = report;
  const at = relative(process.cwd(), out) || '.';
  console.log(`
  model loaded in ${timings.modelLoadMs} ms, first word after ${timings.timeToFirstTokenMs} ms, ${report.tokensPerSecond.toFixed(1)} tokens/s on ${report.threads.chosen} threads
  append p50 ${timings.appendP50Ms.toFixed(2)} ms, p99 ${timings.appendP99Ms.toFixed(2)} ms

Everything is in ${at}/. Check the bundle yourself:

  npm run verify -- ${join(at, 'cloister-audit.zip')} --key ${join(at, 'log.vkey')}
`);
}
