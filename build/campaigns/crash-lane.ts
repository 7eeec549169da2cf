import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clinicianPassphrase } from '../../electron/vault/vault-fixture.ts';
import { createWorkFolder, type CampaignInstallation } from './crash-installation.ts';
import type { Phase } from './crash-phases.ts';
import { openDesk, valueOf, type Desk } from './desk.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { checkBesideVault, checkFolder, type RecordFinding } from './record-check.ts';
import type { ChildOrder } from './vault-frames.ts';

export type Round = {
  readonly phase: string;
  readonly number: number;
  readonly delayMs: number;
  /** The kill came before the process had ended by itself. */
  readonly killed: boolean;
  /** Requests that the kill left without an outcome. */
  readonly open: number;
  /** What was recorded and not told to anybody yet: the kill came between the two. */
  readonly untold: number;
  readonly problems: readonly string[];
};

/** So many rounds on one record, one after the other; then another copy of the installation. */
const roundsOnOneRecord = 12;
const verifier = resolve(import.meta.dirname, '../../electron/auditor-kit/verify.mjs');

type Lane = {
  readonly made: CampaignInstallation;
  readonly order: ChildOrder;
  readonly random: () => number;
  readonly onRound: (round: Round) => void;
};

/** Plays rounds one after the other: work, kill, look at the files, sign in again, look once more, go on. */
export async function playLane(
  lane: Lane,
  planned: readonly { phase: Phase; number: number }[],
): Promise<void> {
  let record: OnRecord | null = null;
  for (const [index, { phase, number }] of planned.entries()) {
    if (index % roundsOnOneRecord === 0) {
      await record?.dispose();
      record = null;
    }
    record ??= await beginRecord(lane);
    const round = await playRound(lane, record, phase, number);
    lane.onRound(round);
    if (round.problems.length === 0) continue;
    // What is broken once would be told in every round that follows.
    await record.dispose();
    record = null;
  }
  await record?.dispose();
}

type OnRecord = {
  readonly folder: string;
  readonly ledger: Ledger;
  desk: Desk;
  dispose(): Promise<void>;
};

async function beginRecord({ made, order }: Lane): Promise<OnRecord> {
  const folder = createWorkFolder('lane');
  cpSync(join(made.folder, 'data'), join(folder, 'data'), { recursive: true });
  const ledger = createLedger();
  const record: OnRecord = {
    folder,
    ledger,
    desk: openDesk({ folder, order }, ledger),
    async dispose() {
      record.desk.vault.kill();
      await record.desk.vault.ended.catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await record.desk.signIn('clinician', clinicianPassphrase);
  return record;
}

async function playRound(lane: Lane, record: OnRecord, phase: Phase, number: number): Promise<Round> {
  const delayMs = lane.random() * phase.windowMs;
  const round = { phase: phase.name, number, delayMs };
  try {
    const killed = await workUntilKilled(lane, record, phase, delayMs);
    const after = checkCopy(record, lane);
    const problems = [...after.problems, ...checkBundles(record)];
    record.desk = openDesk({ folder: record.folder, order: lane.order }, record.ledger);
    await record.desk.signIn('clinician', clinicianPassphrase);
    problems.push(...(await checkSignedIn(record, lane)));
    return { ...round, killed, open: after.open, untold: after.untold, problems };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'something was thrown';
    return { ...round, killed: true, open: 0, untold: 0, problems: [problem.slice(0, 500)] };
  }
}

/** @returns whether the process was still there when the kill came */
async function workUntilKilled(
  { order, random }: Lane,
  record: OnRecord,
  phase: Phase,
  delayMs: number,
): Promise<boolean> {
  if (phase.from === 'started') {
    record.desk.answerWith({ pieces: 5000, pauseMs: 0 });
    await record.desk.prompt('A made-up cough for nine days.');
    await delay(20);
    record.desk.vault.kill();
    await record.desk.vault.ended;
    record.desk = openDesk({ folder: record.folder, order }, record.ledger);
  }
  const { desk } = record;
  const armed = Promise.withResolvers<void>();
  const outside = join(record.folder, 'outside');
  const work = phase.play({ desk, random, outside, armed: armed.resolve });
  const failed = work.then(
    () => null,
    (cause: unknown) => cause,
  );
  await Promise.race([armed.promise, failed]);
  await Promise.race([spin(delayMs), desk.vault.ended]);
  desk.vault.kill();
  const killed = await desk.vault.ended;
  // Whoever waits for something of a killed process gets an error or nothing. Anything else is a fault of the work.
  const cause = await Promise.race([failed, delay(1, null)]);
  if (cause instanceof Error && cause.message !== 'the vault process has ended') throw cause;
  return killed;
}

/** A timer's milliseconds are too coarse for the last part of the way. */
async function spin(delayMs: number): Promise<void> {
  const until = performance.now() + delayMs;
  if (delayMs > 3) await delay(delayMs - 2);
  while (performance.now() < until);
}

/** On a copy: the app itself must find the files as the kill left them. */
function checkCopy(record: OnRecord, { made }: Lane): RecordFinding {
  const copy = join(record.folder, 'copy');
  cpSync(join(record.folder, 'data'), copy, { recursive: true });
  // The index of the log lies in memory that the killed processes shared; whoever opens the files makes it anew.
  rmSync(join(copy, 'cloister.db-shm'), { force: true });
  try {
    return checkFolder(copy, made.keys, record.ledger);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

async function checkSignedIn({ desk, folder, ledger }: OnRecord, { made }: Lane): Promise<readonly string[]> {
  const finding = checkBesideVault(join(folder, 'data'), made.keys, ledger);
  const verification = await valueOf(desk.vault.ask('log.verify', {}));
  return [
    ...finding.problems.map((problem) => `after the sign-in: ${problem}`),
    ...(finding.open === 0 ? [] : [`${finding.open} requests are open after the sign-in`]),
    ...(verification.consistent ? [] : [`the app finds a fault: ${verification.problem ?? ''}`]),
    ...(finding.failedSignIns >= ledger.failedSignIns
      ? []
      : [`${ledger.failedSignIns} failed sign-ins were told and ${finding.failedSignIns} are recorded`]),
  ];
}

/** What was told as written is there; and whatever stands under its final name is whole. */
function checkBundles({ folder, ledger }: OnRecord): readonly string[] {
  const outside = join(folder, 'outside');
  const names = readdirSync(outside).filter((name) => name.endsWith('.zip'));
  const paths = new Set([...ledger.bundles, ...names.map((name) => join(outside, name))]);
  const wrong = [...paths].filter((path) => {
    const { status } = spawnSync(process.execPath, [verifier, path], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    return status !== 0;
  });
  for (const name of readdirSync(outside)) rmSync(join(outside, name));
  ledger.bundles.length = 0;
  return wrong.map(() => 'a bundle is missing or not whole');
}
