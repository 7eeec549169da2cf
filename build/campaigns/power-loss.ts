import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { toInferenceSchema } from '../../electron/links/model-port.ts';
import { vaultEventSchema } from '../../electron/shared/contract.ts';
import { readKeyring } from '../../electron/vault/keys/keyring-file.ts';
import { clinicianPassphrase } from '../../electron/vault/vault-fixture.ts';
import { createWorkFolder, type CampaignInstallation } from './crash-installation.ts';
import { openDesk, valueOf } from './desk.ts';
import { createLedger, noteEvent, noteModel, turnOf, type Ledger } from './ledger.ts';
import { checkFolder } from './record-check.ts';
import { createSimulatedDisk } from './simulated-disk.ts';
import { readSystemCalls, tracedCalls, type SystemCall } from './system-calls.ts';
import { fromChildSchema, type ChildOrder } from './vault-frames.ts';

/**
 * A kill ends a process and not the machine: what the system had not yet written is not lost by it. So the system calls of
 * a session are recorded, and then played on a disk that loses what was not synced, at many points.
 */
export type PowerLoss = {
  /** Messages to the page and to the model. */
  readonly released: number;
  /** Of these, so many left while something that was written to the log was not on the disk. */
  readonly early: number;
  readonly syncs: number;
  /** Points at which the power went. */
  readonly cuts: number;
  readonly failures: readonly string[];
};

/** @returns false where there is no strace, or it may not look at processes */
export function canTrace(): boolean {
  return spawnSync('strace', ['-f', '-e', 'trace=none', 'true']).status === 0;
}

export async function losePower(
  made: CampaignInstallation,
  order: ChildOrder,
  cuts: number,
  random: () => number,
): Promise<PowerLoss> {
  const folder = createWorkFolder('power');
  try {
    cpSync(join(made.folder, 'data'), join(folder, 'data'), { recursive: true });
    const disk = createSimulatedDisk(join(folder, 'data'));
    const log = join(folder, 'system-calls');
    const ledger = createLedger();
    await work(folder, order, log, ledger);
    const calls = [...readSystemCalls(readFileSync(log, 'utf8'), join(folder, 'data'))];
    return replay({ made, folder, calls, disk, said: ledger }, cutsAmong(calls.length, cuts, random), random);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function work(folder: string, order: ChildOrder, log: string, ledger: Ledger): Promise<void> {
  const under = ['strace', '-f', '-y', '-s', '2000000', '-o', log, '-e', `trace=${tracedCalls.join(',')}`];
  const desk = openDesk({ folder, order, under }, ledger);
  await desk.signIn('clinician', clinicianPassphrase);
  for (let n = 0; n < 6; n += 1) {
    desk.answerWith({ pieces: 25, pauseMs: 0 });
    const turnId = await desk.prompt('A made-up cough for nine days.');
    await desk.ended(turnId);
    await desk.copy(turnId, 'A made-up answer.');
    await desk.accept(turnId, 'A made-up note.');
    // Large enough that the log is written back into the database more than once.
    await desk.openSource('A made-up visit, word for word. '.repeat(10_000));
    await valueOf(
      desk.vault.ask('log.list', {
        patientReference: null,
        before: null,
        limit: 50,
        userId: null,
        type: null,
      }),
    );
  }
  desk.answerWith({ pieces: 500, pauseMs: 5 });
  await desk.prompt('A made-up cough for nine days.');
  await desk.vault.ask('session.lock', {});
  await desk.vault.ended;
}

function cutsAmong(calls: number, cuts: number, random: () => number): ReadonlySet<number> {
  return new Set(Array.from({ length: cuts }, () => Math.floor(random() * calls)));
}

function replay(
  run: {
    readonly made: CampaignInstallation;
    readonly folder: string;
    readonly calls: readonly SystemCall[];
    readonly disk: ReturnType<typeof createSimulatedDisk>;
    /** Of the run, for what the model said. */
    readonly said: Ledger;
  },
  cuts: ReadonlySet<number>,
  random: () => number,
): PowerLoss {
  const { made, folder, calls, disk, said } = run;
  const log = join(folder, 'data', 'cloister.db-wal');
  const ledger = createLedger();
  let [released, early, syncs] = [0, 0, 0];
  const failures: string[] = [];
  for (const [index, call] of calls.entries()) {
    disk.apply(call);
    if (call.kind === 'sync' && call.path === log) syncs += 1;
    if (call.kind === 'said' && noteLine(ledger, call.line)) {
      released += 1;
      if (disk.isDirty(log)) early += 1;
    }
    if (!cuts.has(index)) continue;
    for (const [turnId, turn] of ledger.turns)
      turn.said.splice(0, turn.said.length, ...turnOf(said, turnId).said);
    const rest = join(folder, 'rest');
    disk.writeTo(rest, index % 2 === 0 ? random : null);
    failures.push(...checkRest(rest, made, ledger).map((problem) => `call ${index}: ${problem}`));
  }
  return { released, early, syncs, cuts: cuts.size, failures };
}

/** @returns whether it is a message to the page or to the model */
function noteLine(ledger: Ledger, line: string): boolean {
  const { from, message } = fromChildSchema.parse(JSON.parse(line));
  const event = vaultEventSchema.safeParse(message);
  if (from === 'text' && event.success) noteEvent(ledger, event.data);
  if (from === 'model') noteModel(ledger, toInferenceSchema.parse(message));
  return from !== 'main';
}

function checkRest(rest: string, { keys }: CampaignInstallation, ledger: Ledger): readonly string[] {
  try {
    const keyring = readKeyring(rest);
    // What was found at one point is no promise for the next: the power goes only once.
    ledger.proven = null;
    return [
      ...(keyring.ok && keyring.value?.notice === null ? [] : ['the key file is not as it was']),
      ...checkFolder(rest, keys, ledger).problems,
    ];
  } catch (cause) {
    return [cause instanceof Error ? cause.message : 'something was thrown'];
  }
}
