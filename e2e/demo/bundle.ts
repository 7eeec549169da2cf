import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checkout } from '../../build/setup/cache-folder.mjs';

const verifier = join(checkout, 'electron/auditor-kit/verify.mjs');

const answerSchema = z.looseObject({
  ok: z.boolean(),
  entry: z.int().optional(),
  file: z.string().optional(),
  treeSize: z.int().optional(),
});

export type Verdict = {
  readonly exitCode: number | null;
  /** What the verifier printed with --json. */
  readonly answer: z.infer<typeof answerSchema>;
  readonly elapsedMs: number;
};

/** Runs the stand-alone verifier as an auditor would, on the same Node as this script. */
export function verify(bundle: string, keyFile: string | null): Verdict {
  const startedAt = performance.now();
  const words = [verifier, bundle, '--json', ...(keyFile === null ? [] : ['--key', keyFile])];
  const run = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  const elapsedMs = performance.now() - startedAt;
  if (run.status === 2 || run.stdout === '') throw new Error(`the verifier did not run: ${run.stderr}`);
  return { exitCode: run.status, answer: answerSchema.parse(JSON.parse(run.stdout)), elapsedMs };
}

/** A member of a bundle as text. Members are stored, not packed: the bytes behind the local header are the file. */
export function memberText(bundle: string, name: string): string {
  const zip = readFileSync(bundle);
  const isLocalHeader = (at: number): boolean => zip.readUInt32LE(at) === 0x04034b50;
  for (let at = zip.indexOf(name); at >= 0; at = zip.indexOf(name, at + 1)) {
    if (at < 30 || !isLocalHeader(at - 30) || zip.readUInt16LE(at - 4) !== name.length) continue;
    const from = at + name.length + zip.readUInt16LE(at - 2);
    const descriptor = zip.indexOf(Buffer.from('504b0708', 'hex'), from);
    return zip.toString('utf8', from, descriptor);
  }
  throw new Error(`the bundle holds no ${name}`);
}

/** Copies the bundle with one bit of one entry in events.jsonl turned over. */
export function flipOneByte(bundle: string, copy: string, entry: number): void {
  const zip = readFileSync(bundle);
  const line = memberText(bundle, 'events.jsonl').split('\n')[entry] ?? '';
  const at = zip.indexOf(Buffer.from(`${line}\n`)) + Math.floor(line.length / 2);
  zip.writeUInt8(zip.readUInt8(at) ^ 1, at);
  writeFileSync(copy, zip);
}
