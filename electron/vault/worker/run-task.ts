import { parentPort } from 'node:worker_threads';
import { appError } from '../../shared/app-error.ts';
import { openReadOnlyDatabase, type ReadableDatabase } from '../database/open-database.ts';
import { exportBundle } from './export-bundle.ts';
import { logKeyFingerprint } from '../log/log-key.ts';
import { openSnapshotReader, type LogReader } from '../log/log-reader.ts';
import { parseVerifierKey } from '../log/signed-note.ts';
import { verifyLog } from '../log/verify-log.ts';
import type { WorkerMessage, WorkerTask } from './worker-contract.ts';

const post = (message: WorkerMessage): void => {
  parentPort?.postMessage(message);
};

/** Runs one long read of the log beside the writer, on a read-only handle of its own. */
export async function runTask(task: WorkerTask): Promise<void> {
  let database: ReadableDatabase | null = null;
  try {
    try {
      database = openReadOnlyDatabase(task.databasePath, task.dek);
    } finally {
      task.dek.fill(0);
    }
    const reader = openSnapshotReader(database);
    if (task.kind === 'verify') post({ kind: 'verified', verification: verify(task, reader) });
    else post(await exportBundle(task, reader, onProgress));
  } catch {
    // The cause may hold a path; the sentence is enough for a person and the record is untouched.
    post({
      kind: 'failed',
      error: appError(
        'export-failed',
        'The record could not be read to its end. Nothing was changed. Try again; if it happens again, call IT.',
      ),
    });
  } finally {
    database?.close();
    if (task.kind === 'export') task.logSeed.fill(0);
  }
}

function onProgress(fraction: number): void {
  post({ kind: 'progress', fraction });
}

function verify(task: Extract<WorkerTask, { kind: 'verify' }>, reader: LogReader) {
  const startedAt = performance.now();
  const check = verifyLog(reader, task, onProgress);
  const key = parseVerifierKey(task.verifierKey);
  return {
    ...check,
    keyFingerprint: key === null ? '' : logKeyFingerprint(key.publicKey),
    elapsedMs: performance.now() - startedAt,
  };
}
