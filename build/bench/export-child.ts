import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { openReadOnlyDatabase } from '../../electron/vault/database/open-database.ts';
import { openSnapshotReader } from '../../electron/vault/log/log-reader.ts';
import { runWorker } from '../../electron/vault/worker/background-tasks.ts';

/** One export by the vault's worker thread, in a process of its own: its largest size is that of the export. */
const workerPath = join(import.meta.dirname, '../../electron/vault/vault-worker.ts');
const questionSchema = z.strictObject({
  databasePath: z.string(),
  dek: z.base64(),
  logSeed: z.base64(),
  origin: z.string(),
  verifierKey: z.string(),
  path: z.string(),
  clinicalText: z.enum(['withheld', 'included']),
});

createInterface(process.stdin).on('line', (line) => {
  void answer(questionSchema.parse(JSON.parse(line))).then((said) => {
    process.stdout.write(`${JSON.stringify(said)}\n`);
  });
});

async function answer(question: z.infer<typeof questionSchema>) {
  const dek = new Uint8Array(Buffer.from(question.dek, 'base64'));
  const database = openReadOnlyDatabase(question.databasePath, dek);
  const size = openSnapshotReader(database).size();
  database.close();
  const message = await runWorker(
    workerPath,
    {
      ...question,
      kind: 'export',
      dek,
      logSeed: new Uint8Array(Buffer.from(question.logSeed, 'base64')),
      unfinishedPath: `${question.path}.part`,
      size,
      selection: null,
      recipients: [],
      cancelled: new SharedArrayBuffer(4),
      appVersion: '0.1.0',
      versions: {},
      model: null,
      policy: null,
      flavour: 'development',
    },
    () => undefined,
  );
  if (message.kind !== 'exported') throw new Error(`the export of the bench ended as ${message.kind}`);
  return { elapsedMs: message.summary.elapsedMs, largestMB: process.resourceUsage().maxRSS / 1024 };
}
