import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openWritableDatabase } from '../../electron/vault/database/open-database.ts';
import {
  appendLeaves,
  createRotationFixture,
  switchOff,
} from '../../electron/vault/rotation/rotation-fixture.ts';
import type { LogKeyStep } from '../../electron/vault/rotation/rotate-log-key.ts';
import type { RotationStep } from '../../electron/vault/rotation/rotate-dek.ts';
import { note, readEvidence } from './evidence.ts';
import { killChild, timeChild } from './kill-child.ts';
import { checkAfterKill, checkLogKeyAfterKill, schemaOf, type Finding, type Killed } from './rekey-check.ts';
import type { Order } from './rekey-child.ts';
import { createSeededRandom } from './seeded-random.ts';

/**
 * Rotates the key of a real installation over and over in a process of its own, kills that with SIGKILL, and then starts as
 * the app does: one key must open one file, and the record must be what it was. A kill ends a process, not the machine:
 * what the system had not yet written to the disk is not lost by it, so this proves the order of the steps and not the
 * syncing between them.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    rounds: { type: 'string', default: '50' },
    leaves: { type: 'string', default: '3000' },
  },
});
/** Of each random series; a named step, which is always the same point, takes a fifth of them. */
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a number from 1');
const random = createSeededRandom(values.seed);
print(`seed ${values.seed}: npm run campaign:rekey -- --seed ${values.seed} --rounds ${rounds}`);

const made = await createRotationFixture(Number(values.leaves));
const keyring = switchOff(made.folder, made.keys, made.leaver);
const record = appendLeaves(made.folder, keyring, made.keys, 1);
const workFolder = mkdtempSync(join(tmpdir(), 'cloister-campaign-'));
const folder = join(workFolder, 'data');
const evidence = join(workFolder, 'evidence.jsonl');
const before = { schema: readSchema() };
print(`${record.size} leaves, each with a text`);

type Series = {
  readonly name: string;
  /** What happened before the process that is killed here. */
  readonly prepare?: () => Promise<void>;
  readonly order: Partial<Order>;
  /** Kills at a named step; else at random points of so many passes. */
  readonly passes: number | null;
  /** What is looked at afterwards; as a rule that one key opens one file. */
  readonly check?: (killed: Killed) => Promise<Finding>;
};

/** The newest key file rots after the rotation was killed: the one before it is all there is. */
function killedAt(step: string, isKeyringDamaged: boolean, work: Partial<Order> = {}): () => Promise<void> {
  return async () => {
    await killChild(orderOf({ ...work, waitAt: step }), null);
    if (!isKeyringDamaged) return;
    const path = join(folder, 'keyring.json');
    const bytes = readFileSync(path);
    bytes.fill(' ', 500, 510);
    writeFileSync(path, bytes);
  };
}

const steps: readonly RotationStep[] = [
  'sealed',
  'copied',
  'verified',
  'keyring-written',
  'sidecars-removed',
  'renamed',
];
const settle = { work: 'settle' } as const;
const unfinished = killedAt('keyring-written', false);
const damaged = killedAt('keyring-written', true);
const series: readonly Series[] = [
  { name: 'rotating, anywhere', order: {}, passes: 2.5 },
  { name: 'rotating, from the finished copy on', order: { readyAt: 'verified' }, passes: 0.8 },
  ...steps.map((step) => ({ name: `rotating, at ${step}`, order: { waitAt: step }, passes: null })),
  { name: 'finishing, anywhere', prepare: unfinished, order: settle, passes: 1.2 },
  ...['sidecars-removed', 'renamed'].map((step) => ({
    name: `finishing, at ${step}`,
    prepare: unfinished,
    order: { ...settle, waitAt: step },
    passes: null,
  })),
  { name: 'going back from a damaged key file, anywhere', prepare: damaged, order: settle, passes: 1.2 },
  {
    name: 'going back from a damaged key file, at rolled-back',
    prepare: killedAt('sidecars-removed', true),
    order: { ...settle, waitAt: 'rolled-back' },
    passes: null,
  },
];

const logKeySteps: readonly LogKeyStep[] = [
  'sealed',
  'both-written',
  'both-confirmed',
  'leaf-written',
  'next-written',
];
const logKey = { work: 'rotate-log-key' } as const;
const settleLogKey = { work: 'settle-log-key' } as const;
const check = checkLogKeyAfterKill;
const logKeySeries: readonly Series[] = [
  { name: 'changing the log key, anywhere', order: logKey, passes: 2.5, check },
  {
    name: 'changing the log key, from the first write on',
    order: { ...logKey, readyAt: 'sealed' },
    passes: 0.5,
    check,
  },
  ...logKeySteps.map((step) => ({
    name: `changing the log key, at ${step}`,
    order: { ...logKey, waitAt: step },
    passes: null,
    check,
  })),
  ...(['both-confirmed', 'leaf-written'] as const).map((step) => ({
    name: `settling the log key after ${step}, anywhere`,
    prepare: killedAt(step, false, logKey),
    order: settleLogKey,
    passes: 1.2,
    check,
  })),
];

print(
  `\n${'killed while'.padEnd(52)} rounds  killed  finished  undone  nothing to do  old key  new key  failed`,
);
let failures = 0;
try {
  for (const each of [...series, ...logKeySeries]) failures += await play(each);
} finally {
  made.dispose();
  rmSync(workFolder, { recursive: true, force: true });
}
print(
  failures === 0
    ? '\nOne key opened one file, and one key signed, every time.'
    : `\n${failures} rounds failed.`,
);
process.exitCode = failures === 0 ? 0 : 1;

async function play({ name, prepare, order, passes, check = checkAfterKill }: Series): Promise<number> {
  const start = async (): Promise<void> => {
    rmSync(workFolder, { recursive: true });
    mkdirSync(workFolder, { mode: 0o700 });
    cpSync(made.folder, folder, { recursive: true });
    note(evidence, record);
    await prepare?.();
  };
  let longestMs = 0;
  for (let n = 0; passes !== null && n < 3; n += 1) {
    await start();
    longestMs = Math.max(longestMs, await timeChild(orderOf(order)));
  }
  const findings: Finding[] = [];
  let killed = 0;
  const wanted = passes === null ? Math.ceil(rounds / 5) : rounds;
  for (let round = 0; round < wanted; round += 1) {
    await start();
    const delayMs = passes === null ? null : random() * passes * longestMs;
    const finding = await playRound(orderOf(order), delayMs, check, () => {
      killed += 1;
    });
    findings.push(finding);
    if (finding.problems.length > 0)
      print(`  round ${round}, ${delayMs?.toFixed(2) ?? 'named'} ms: ${finding.problems.join('; ')}`);
  }
  return printRow(name, findings, killed);
}

/** A start that throws is a failure like any other, and the next round is played all the same. */
async function playRound(
  order: Order,
  delayMs: number | null,
  check: (killed: Killed) => Promise<Finding>,
  onKilled: () => void,
): Promise<Finding> {
  try {
    if (await killChild(order, delayMs)) onKilled();
    return await check({ made, before, folder, evidence: readEvidence(evidence) });
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'something was thrown';
    return { problems: [problem.slice(0, 500)], settled: null, isOldKey: false };
  }
}

function printRow(name: string, findings: readonly Finding[], killed: number): number {
  const count = (holds: (finding: Finding) => boolean): number => findings.filter(holds).length;
  const failed = count(({ problems }) => problems.length > 0);
  const cells = [
    [findings.length, 6],
    [killed, 7],
    [count(({ settled }) => settled === 'finished'), 9],
    [count(({ settled }) => settled === 'undone'), 7],
    [count(({ settled }) => settled === 'none'), 14],
    [count(({ isOldKey }) => isOldKey), 8],
    [count(({ isOldKey }) => !isOldKey), 8],
    [failed, 7],
  ] as const;
  print(`${name.padEnd(52)} ${cells.map(([value, width]) => String(value).padStart(width)).join(' ')}`);
  return failed;
}

function orderOf(order: Partial<Order>): Order {
  const { userId, passphrase } = made.administrator;
  return { folder, evidence, userId, passphrase, work: 'rotate', readyAt: null, waitAt: null, ...order };
}

function readSchema(): readonly string[] {
  const path = join(made.folder, 'cloister.db');
  const database = openWritableDatabase(path, made.keys.dek, { mustExist: true });
  try {
    return schemaOf(database);
  } finally {
    database.close();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
