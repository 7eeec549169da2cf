import { fenceGate } from './fence-gate.ts';
import { type Finding, type Gate, toolGate } from './gate.ts';
import { wordsGate } from './words-gate.ts';

/** All static gates. `npm run check [-- NAME ...]` runs them, or the named ones, at once. */
const gates: readonly Gate[] = [
  toolGate('types', 'tsc -b: types, and who may import whom', 'typescript/bin/tsc', [
    '-b',
    '--pretty',
    'false',
  ]),
  toolGate('lint', 'oxlint with type information', 'oxlint/bin/oxlint', [
    '--type-aware',
    '--deny-warnings',
    '-f',
    'unix',
  ]),
  toolGate('format', 'prettier', 'prettier/bin/prettier.cjs', ['--check', '.', '--log-level', 'warn']),
  toolGate('unused', 'knip: files, exports, dependencies', 'knip/bin/knip.js', ['--no-progress'], {
    runtime: 'node',
  }),
  fenceGate,
  wordsGate,
];

type Line = Finding & { readonly gate: Gate; readonly seconds: number };

async function timed(gate: Gate): Promise<Line> {
  const startedAt = performance.now();
  const finding = await gate.run();
  return { ...finding, gate, seconds: (performance.now() - startedAt) / 1000 };
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !gates.some((gate) => gate.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no gate ${unknown.join(', ')}. There are: ${gates.map((gate) => gate.name).join(', ')}.`,
  );
  process.exit(1);
}
const lines = await Promise.all(
  gates.filter((gate) => wanted.length === 0 || wanted.includes(gate.name)).map(timed),
);
for (const { gate, passed, output } of lines) {
  if (!passed) console.log(`\n${gate.name}:\n${output}`);
}
console.log('');
for (const { gate, passed, seconds } of lines) {
  console.log(
    `${passed ? 'pass' : 'FAIL'}  ${gate.name.padEnd(8)}${seconds.toFixed(1).padStart(6)} s  ${gate.what}`,
  );
}
process.exitCode = lines.every(({ passed }) => passed) ? 0 : 1;
