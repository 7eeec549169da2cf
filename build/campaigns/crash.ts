import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkout } from '../setup/cache-folder.mjs';
import { appPhase, playApp } from './crash-app.ts';
import { createCampaignInstallation } from './crash-installation.ts';
import { playLane, type Round } from './crash-lane.ts';
import { phases, type Phase } from './crash-phases.ts';
import { canTrace, losePower } from './power-loss.ts';
import { createSeededRandom } from './seeded-random.ts';
import type { ChildOrder, Plant } from './vault-frames.ts';

/**
 * Kills the built vault with SIGKILL at random moments of everything that it does, signs in again and looks at what is
 * left: nothing that had left the vault may be missing, no request may be open, and the record must go on. Then the same
 * with the whole app, and with a disk that loses what was not synced. Faults that are planted must be found.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    rounds: { type: 'string', default: '500' },
    'app-rounds': { type: 'string', default: '20' },
    cuts: { type: 'string', default: '400' },
    lanes: { type: 'string', default: String(availableParallelism()) },
  },
});
const [rounds, appRounds, cuts, lanes] = (['rounds', 'app-rounds', 'cuts', 'lanes'] as const).map(
  numberOf,
) as [number, number, number, number];
const plantedRounds = 8;
const { seed } = values;
const startedAt = performance.now();
print(
  `seed ${seed}: npm run campaign:crash -- --seed ${seed} --rounds ${rounds} --app-rounds ${appRounds} --cuts ${cuts} --lanes ${lanes}`,
);
// A copy of its own within reach of the packages: the next build must not change what is tested in the middle of it.
mkdirSync(join(checkout, '.cache'), { recursive: true });
const built = mkdtempSync(join(checkout, '.cache/campaign-'));
cpSync(join(checkout, 'out/main'), built, { recursive: true });
const order = (plant: Plant | null): ChildOrder => ({ vaultProcess: join(built, 'vault-process.js'), plant });
const made = await createCampaignInstallation(order(null));
let failures = 0;
try {
  print(`\n${'killed while'.padEnd(58)} rounds  killed  left open  not yet told  failed`);
  printRows(
    await playLanes(rounds, phases, null),
    phases.map(({ name }) => name),
  );
  if (appRounds > 0) printRows(await playWholeApp(), [appPhase]);
  await printPlanted();
  await printPowerLoss();
} finally {
  for (const folder of [built, made.folder]) rmSync(folder, { recursive: true });
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
print(
  failures === 0
    ? `\nNothing that was told was lost, in ${seconds} s.`
    : `\n${failures} failures, in ${seconds} s.`,
);
process.exitCode = failures === 0 ? 0 : 1;

async function playLanes(
  count: number,
  played: readonly Phase[],
  plant: Plant | null,
): Promise<readonly Round[]> {
  const planned = played.length === 0 ? [] : Array.from({ length: count }, (_, number) => number);
  const found: Round[] = [];
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      playLane(
        {
          made,
          order: order(plant),
          random: createSeededRandom(`${seed}/${plant ?? 'lane'}/${lane}`),
          onRound: (round) => {
            found.push(round);
            if (plant === null) printFailure(round);
          },
        },
        planned.flatMap((number) => {
          const phase = played[number % played.length];
          return number % lanes === lane && phase !== undefined ? [{ phase, number }] : [];
        }),
      ),
    ),
  );
  return found;
}

async function playWholeApp(): Promise<readonly Round[]> {
  const found: Round[] = [];
  await playApp(appRounds, createSeededRandom(`${seed}/app`), (round) => {
    found.push(round);
    printFailure(round);
  });
  return found;
}

function printFailure({ phase, number, delayMs, problems }: Round): void {
  if (problems.length > 0)
    print(`  round ${number}, ${delayMs.toFixed(2)} ms, ${phase}: ${problems.slice(0, 5).join('; ')}`);
}

function printRows(found: readonly Round[], names: readonly string[]): void {
  for (const name of names) {
    const own = found.filter(({ phase }) => phase === name);
    const count = (holds: (round: Round) => boolean): number => own.filter(holds).length;
    const failed = count(({ problems }) => problems.length > 0);
    failures += failed;
    const cells = [
      [own.length, 6],
      [count(({ killed }) => killed), 7],
      [count(({ open }) => open > 0), 10],
      [count(({ untold }) => untold > 0), 13],
      [failed, 7],
    ] as const;
    print(`${name.padEnd(58)} ${cells.map(([value, width]) => String(value).padStart(width)).join(' ')}`);
  }
}

/** A campaign is trusted only after it was seen failing. */
async function printPlanted(): Promise<void> {
  const written = phases.filter(({ name }) => name.startsWith('an answer is written as fast'));
  const found = await playLanes(plantedRounds, written, 'shown-before-recorded');
  const failed = found.filter(({ problems }) =>
    problems.some((problem) => problem.includes('was shown')),
  ).length;
  print(
    `\nplanted, pieces are shown 40 ms before they are recorded: found in ${failed} of ${found.length} rounds`,
  );
  if (failed === 0) failures += 1;
}

async function printPowerLoss(): Promise<void> {
  if (!canTrace()) {
    print('\npower loss: skipped, there is no strace that may look at processes');
    return;
  }
  print(`\n${'power lost'.padEnd(58)} messages  sent before the log was synced  syncs  cuts  failed`);
  for (const plant of [null, 'synchronous-off', 'synchronous-normal'] as const) {
    const random = createSeededRandom(`${seed}/power`);
    const lost = await losePower(made, order(plant), plant === null ? cuts : Math.ceil(cuts / 10), random);
    const failed =
      lost.failures.length > 0 ? new Set(lost.failures.map((line) => line.split(':')[0])).size : 0;
    const cells = [
      [lost.released, 8],
      [lost.early, 31],
      [lost.syncs, 6],
      [lost.cuts, 5],
      [failed, 7],
    ] as const;
    const name = plant === null ? 'the app as it is' : `planted, ${plant.replace('-', '=').toUpperCase()}`;
    print(`${name.padEnd(58)} ${cells.map(([value, width]) => String(value).padStart(width)).join(' ')}`);
    if (plant !== null) {
      // Both ways of looking must see it.
      if (failed === 0 || lost.early === 0) failures += 1;
      continue;
    }
    for (const failure of lost.failures.slice(0, 10)) print(`  ${failure}`);
    failures += failed + lost.early;
  }
}

function numberOf(name: 'rounds' | 'app-rounds' | 'cuts' | 'lanes'): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < (name === 'app-rounds' ? 0 : 1))
    throw new Error(`--${name} is a number`);
  return number;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
