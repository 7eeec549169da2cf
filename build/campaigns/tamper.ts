import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { createSeededRandom } from './seeded-random.ts';
import { tamperWithBundles } from './tamper-bundle.ts';
import { tamperWithDatabase } from './tamper-database.ts';
import type { Tampering, Verdict } from './tampering-verdict.ts';

/**
 * Changes a record that is real but for its words, many times at random: rows of the encrypted file, as whoever has its key
 * can, and files of a bundle, as whoever carries it can. Each change must be found, given a checkpoint that left the machine,
 * and where it is in an entry that entry, or the smallest range between two checkpoints, must be named.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    mutations: { type: 'string', default: '10000' },
    lanes: { type: 'string', default: String(availableParallelism()) },
  },
});
const [mutations, lanes] = [Number(values.mutations), Number(values.lanes)];
if (!Number.isInteger(mutations) || mutations < 100) throw new Error('--mutations is a number from 100');
if (!Number.isInteger(lanes) || lanes < 1) throw new Error('--lanes is a number from 1');
const { seed } = values;
const startedAt = performance.now();
print(`seed ${seed}: npm run campaign:tamper -- --seed ${seed} --mutations ${mutations}`);

const found: Tampering[] = [
  ...tamperWithDatabase(Math.ceil(mutations / 2), createSeededRandom(`${seed}/database`)),
  ...(await tamperWithBundles(Math.ceil(mutations / 2), lanes, createSeededRandom(`${seed}/bundle`))),
];

print(`\n${'what was changed'.padEnd(66)} times  named  in range  found  missed`);
const classes = [...new Set(found.map(({ what }) => what))];
for (const what of classes) print(rowOf(what, (each) => each.what === what));
print(rowOf('all', () => true));
for (const { what, detail } of found.filter(({ verdict }) => verdict === 'missed').slice(0, 20))
  print(`  missed: ${what}: ${detail}`);
for (const { what, detail } of found.filter(({ verdict }) => verdict === 'misnamed').slice(0, 20))
  print(`  another place was named: ${what}: ${detail}`);
const bad = found.filter(({ verdict }) => verdict === 'missed' || verdict === 'misnamed').length;
print(
  `\n${found.length} changes, ${bad} missed or misnamed, in ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`,
);
process.exitCode = bad === 0 ? 0 : 1;

function rowOf(what: string, isIn: (each: Tampering) => boolean): string {
  const own = found.filter(isIn);
  const count = (...verdicts: Verdict[]): string =>
    String(own.filter(({ verdict }) => verdicts.includes(verdict)).length);
  const cells = [
    String(own.length).padStart(5),
    count('named').padStart(6),
    count('in-range').padStart(9),
    count('found').padStart(6),
    count('missed', 'misnamed').padStart(7),
  ];
  return `${what.padEnd(66)} ${cells.join(' ')}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
