import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { UnpackedBundle } from '../../electron/vault/log/tampering.ts';
import { createTamperedBundle } from '../../electron/vault/log/tampered-bundle.ts';
import { attemptsOf } from './tamper-attempts.ts';
import { judge, type Random, type Tampering, type Told } from './tampering-verdict.ts';

const verifier = resolve(import.meta.dirname, '../../electron/auditor-kit/verify.mjs');
const toldSchema = z.object({
  ok: z.boolean(),
  entry: z.int().optional(),
  range: z.array(z.int()).optional(),
  file: z.string().optional(),
});
/** A checkpoint of 3 leaves is in the bundle; the auditor holds one of 7, which is the bundle's size. */
const checkpoints = [3, 7];

/** Files and bytes of a bundle, changed by whoever carries it, and by whoever has the log's key, which the checkpoint finds. */
export async function tamperWithBundles(count: number, lanes: number, random: Random): Promise<Tampering[]> {
  const bundle = await createTamperedBundle();
  const { folder } = bundle.fixture;
  const pinned = { key: join(folder, 'trusted'), checkpoint: join(folder, 'held.checkpoint') };
  writeFileSync(pinned.checkpoint, bundle.members.get('log/checkpoint') ?? '');
  const original: UnpackedBundle = new Map(bundle.members);
  try {
    const kinds = attemptsOf(bundle, original, readFileSync(bundle.zip));
    const attempts = Array.from({ length: count }, (_, number) => {
      const kind = kinds[number % kinds.length];
      if (kind === undefined) throw new Error('no kind');
      return kind(random);
    });
    const found: Tampering[] = [];
    await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        for (let number = lane; number < attempts.length; number += lanes) {
          const attempt = attempts[number];
          if (attempt === undefined) continue;
          const path = join(folder, `attempt-${number}`);
          await attempt.write(path);
          const told = await ask(path, pinned);
          rmSync(path, { recursive: true });
          found.push({
            what: `bundle: ${attempt.what}`,
            verdict: judge(attempt.expected, told, checkpoints),
            detail: `expected ${JSON.stringify(attempt.expected)}, was told ${JSON.stringify(told)}`,
          });
        }
      }),
    );
    return found;
  } finally {
    bundle.fixture.dispose();
  }
}

function ask(path: string, pinned: { readonly key: string; readonly checkpoint: string }): Promise<Told> {
  const words = [verifier, path, '--json', '--key', pinned.key, '--checkpoint', pinned.checkpoint];
  const child = spawn(process.execPath, words, {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let problems = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (problems += String(chunk)));
  return new Promise((done, fail) => {
    child.on('close', (code) => {
      const parsed = toldSchema.safeParse(out === '' ? null : JSON.parse(out));
      if (!parsed.success || problems !== '' || code !== (parsed.data.ok ? 0 : 1))
        fail(new Error(`the verifier ended with ${code} and said ${out}${problems}`));
      else done(parsed.data.ok ? { ok: true } : { ...parsed.data, ok: false });
    });
  });
}
