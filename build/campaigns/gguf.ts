import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { makeTinyModel } from '../../electron/inference/tiny-model-fixture.ts';
import { spoilHeader } from './gguf-changes.ts';
import { createSeededRandom } from './seeded-random.ts';

/**
 * Loads models with a spoilt header, each under its own approved hash, as if the organisation had approved them: the engine
 * in its process refuses, answers, or dies, and whoever started that process goes on, as main does. None hangs for longer
 * than the app waits before it ends such a process.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    cases: { type: 'string', default: '1000' },
  },
});
const { seed } = values;
const cases = Number(values.cases);
if (!Number.isInteger(cases) || cases < 1) throw new Error('--cases is a number from 1');
/** Sooner than the app gives a load up: `engine-watchdog.ts`. */
const longestSilenceMs = 20_000;
const startedAt = performance.now();
print(`seed ${seed}: npm run campaign:gguf -- --seed ${seed} --cases ${cases}`);

const model = makeTinyModel('--layers', '2');
const original = readFileSync(model.specification.path);
const random = createSeededRandom(seed);
const answerSchema = z.strictObject({ outcome: z.string() });
const found: { readonly what: string; readonly outcome: string }[] = [];
let child = startChild();
let highestMb = 0;
for (let number = 0; number < cases; number += 1) {
  const { what, bytes } = spoilHeader(original, random);
  const path = join(model.folder, `${number % 2}.gguf`);
  writeFileSync(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const specification = { ...model.specification, path, sizeBytes: Math.max(1, bytes.length), sha256 };
  const outcome = await child.ask({ model: specification });
  highestMb = Math.max(highestMb, child.memoryMb());
  found.push({ what, outcome });
  if (outcome === 'died' || outcome === 'hung') {
    if (outcome === 'hung') keepEvidence(bytes, number);
    child = startChild();
  }
}
child.end();
model.remove();

const outcomes = [...new Set(found.map(({ outcome }) => outcome))].toSorted();
print(`\n${'what was changed'.padEnd(34)} ${outcomes.map((outcome) => outcome.padStart(26)).join(' ')}`);
for (const what of [...new Set(found.map((each) => each.what))].toSorted()) print(rowOf(what));
print(rowOf('all'));
const hung = found.filter(({ outcome }) => outcome === 'hung').length;
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
print(
  `\n${found.length} models, ${hung} that said nothing for ${longestSilenceMs / 1000} s, at most ${highestMb} MB, in ${seconds} s.`,
);
process.exitCode = hung === 0 ? 0 : 1;

function rowOf(what: string): string {
  const own = found.filter((each) => what === 'all' || each.what === what);
  const cells = outcomes.map((outcome) => own.filter((each) => each.outcome === outcome).length);
  return `${what.padEnd(34)} ${cells.map((cell) => String(cell).padStart(26)).join(' ')}`;
}

function keepEvidence(bytes: Buffer, number: number): void {
  const path = join('.cache', `gguf-${seed}-${number}.gguf`);
  writeFileSync(path, bytes);
  print(`  said nothing: ${path}`);
}

function startChild() {
  const made: ChildProcessWithoutNullStreams = spawn(
    process.execPath,
    [join(import.meta.dirname, 'gguf-child.ts')],
    { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', UV_THREADPOOL_SIZE: '1' } },
  );
  // What llama.cpp says when it dies is of no use here, and a pipe that nobody reads would stop it.
  made.stderr.resume();
  const lines = createInterface(made.stdout);
  const ended = once(made, 'close').then(() => 'died');
  return {
    /** @returns the outcome; `died` where the process did, `hung` where it was ended for its silence */
    async ask(question: Record<string, unknown>): Promise<string> {
      const answered = once(lines, 'line').then(
        ([line]: unknown[]) => answerSchema.parse(JSON.parse(String(line))).outcome,
      );
      made.stdin.write(`${JSON.stringify(question)}\n`);
      const timer = new Promise<string>((resolve) => {
        setTimeout(resolve, longestSilenceMs, 'hung').unref();
      });
      const outcome = await Promise.race([answered, ended, timer]);
      if (outcome === 'hung') made.kill('SIGKILL');
      return outcome;
    },
    memoryMb(): number {
      try {
        const status = readFileSync(`/proc/${made.pid ?? 0}/status`, 'utf8');
        return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      } catch {
        return 0;
      }
    },
    end: () => made.stdin.end(),
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
