import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { startLineChild } from './child-lines.ts';
import { keptRecord, type RecordFolder } from './record.ts';
import type { Row, Sides } from './row.ts';

const run = promisify(execFile);
const answerSchema = z.object({ elapsedMs: z.number(), largestMB: z.number() });
type Measure = keyof z.infer<typeof answerSchema>;

/** Of the whole record, without its texts: what IT exports each month. */
export const exportRows: readonly Row[] = [
  {
    id: 'log.export.ratio',
    what: 'entries a second of the export of the whole record, its three readings of each entry and its signature included',
    unit: 'ratio',
    baseline: 'entries a second of `zip -1` that packs the same files, which it finds on the disk',
    goal: 1 / 3,
    better: 'higher',
    pairs: 5,
    budgetMs: 60_000,
    open: (entries) => openSides(entries, 'elapsedMs'),
  },
  {
    id: 'log.export.rss_mb',
    what: 'MB, largest resident size of a process that exports the whole record',
    unit: 'MB',
    baseline: 'the same of a process that exports a record of 1,000 entries',
    goal: 300,
    better: 'lower',
    pairs: 5,
    budgetMs: 60_000,
    open: (entries) => openSides(entries, 'largestMB'),
  },
];

async function openSides(entries: number, measure: Measure): Promise<Sides | { readonly skipped: string }> {
  if (spawnSync('zip', ['-v']).error !== undefined || spawnSync('unzip', ['-v']).error !== undefined)
    return { skipped: 'zip or unzip is not on this computer' };
  const record = await keptRecord(entries);
  const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
  const small = measure === 'largestMB' ? await keptRecord(1000) : null;
  const members = join(folder, 'members');
  if (small === null) await unpack(record, folder, members);
  return {
    ours: () => exportOnce(record, folder, measure),
    peer: () => (small === null ? zipOnce(members, folder, entries) : exportOnce(small, folder, measure)),
    close: async () => {
      rmSync(folder, { recursive: true });
    },
  };

  async function exportOnce(exported: RecordFolder, into: string, wanted: Measure): Promise<number> {
    const path = join(into, 'bundle.zip');
    const found = await askForBundle(exported, path);
    rmSync(path);
    return wanted === 'elapsedMs' ? (1000 * entries) / found.elapsedMs : found.largestMB;
  }
}

async function askForBundle({ databasePath, origin, verifierKey, keys }: RecordFolder, path: string) {
  const child = startLineChild('export-child.ts', 'vault');
  try {
    return answerSchema.parse(
      await child.ask({
        databasePath,
        origin,
        verifierKey,
        path,
        dek: Buffer.from(keys.dek).toString('base64'),
        logSeed: Buffer.from(keys.logSeed).toString('base64'),
        clinicalText: 'withheld',
      }),
    );
  } finally {
    await child.end();
  }
}

async function unpack(record: RecordFolder, folder: string, members: string): Promise<void> {
  const path = join(folder, 'unpacked.zip');
  await askForBundle(record, path);
  mkdirSync(members);
  await run('unzip', ['-q', path, '-d', members]);
  rmSync(path);
}

async function zipOnce(members: string, folder: string, entries: number): Promise<number> {
  const path = join(folder, 'packed.zip');
  const startedAt = performance.now();
  await run('zip', ['-1', '-q', '-r', path, '.'], { cwd: members });
  const elapsedMs = performance.now() - startedAt;
  rmSync(path);
  return (1000 * entries) / elapsedMs;
}
