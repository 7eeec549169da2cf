import { writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { appendRows } from './append-rows.ts';
import { engineAppRows } from './engine-app-rows.ts';
import { engineRows } from './engine-rows.ts';
import { exportRows } from './export-rows.ts';
import { idleRows } from './idle-rows.ts';
import { tokensRow } from './inference-rows.ts';
import { lockRow } from './lock-rows.ts';
import { measure, type Measured, type Row } from './row.ts';
import { screenRows } from './screen-rows.ts';
import { switchRow } from './switch-rows.ts';
import { unlockRow } from './unlock-rows.ts';
import { verifyRow } from './verify-rows.ts';

/** Later work adds its rows here. */
const rows: readonly Row[] = [
  ...appendRows,
  verifyRow,
  ...exportRows,
  ...screenRows,
  tokensRow,
  ...engineAppRows,
  ...engineRows,
  ...idleRows,
  unlockRow,
  lockRow,
  switchRow,
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    /** Of the record that the log's rows are about. 1000000 is what the goals are set for; it takes ten minutes to make, once. */
    entries: { type: 'string', default: '100000' },
  },
});
const entries = Number(values.entries);
const wanted = values.only?.split(',') ?? rows.map((row) => row.id);
const unknown = wanted.filter((id) => !rows.some((row) => row.id === id));
if (unknown.length > 0) {
  console.error(`There is no bench row ${unknown.join(', ')}. Rows: ${rows.map((row) => row.id).join(', ')}`);
  process.exit(2);
}

const machine =
  `${platform()} ${release()} ${arch()}, ${cpus()[0]?.model ?? 'unknown processor'}, ` +
  `${availableParallelism()} threads, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
console.log(`${machine}\n${entries} entries in the record\n`);

const measured: Measured[] = [];
for (const row of rows.filter(({ id }) => wanted.includes(id))) {
  const result = await measure(row, entries);
  if ('skipped' in result) {
    console.log(`${row.id.padEnd(24)} skipped: ${result.skipped}`);
    continue;
  }
  measured.push(result);
  const ceiling = result.ceiling === null ? '' : ` (at most ${result.ceiling})`;
  const sign = row.better === 'lower' ? '<=' : '>=';
  console.log(
    `${row.id.padEnd(24)} ${result.value.toFixed(3).padStart(9)} ${row.unit}  goal ${sign} ${row.goal}  ${result.pass ? 'pass' : 'FAIL'}  ` +
      `[${result.spread.map((value) => value.toFixed(3)).join(' to ')}] over ${result.pairs} pairs\n` +
      `${' '.repeat(25)}${row.what}: ${result.oursMedian.toFixed(3)}${ceiling}\n${' '.repeat(25)}${row.baseline}: ${result.peerMedian.toFixed(3)}`,
  );
}
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine, entries, rows: measured }, null, 2)}\n`);
process.exitCode = measured.every((row) => row.pass) ? 0 : 1;
