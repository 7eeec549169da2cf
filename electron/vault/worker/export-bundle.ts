import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { appError, type AppError } from '../../shared/app-error.ts';
import { syncFolder } from '../keys/durable-file.ts';
import { publicKeyOf } from '../log/ed25519.ts';
import { writeBundle, type ContinuedRecord } from '../log/bundle.ts';
import { logKeyFingerprint } from '../log/log-key.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { WorkerMessage, WorkerTask } from './worker-contract.ts';

type ExportTask = Extract<WorkerTask, { kind: 'export' }>;

/** Writes the bundle beside its final name and renames it when it is whole and on the disk. */
export async function exportBundle(
  task: ExportTask,
  reader: LogReader,
  continued: readonly ContinuedRecord[],
  onProgress: (fraction: number) => void,
): Promise<WorkerMessage> {
  const startedAt = performance.now();
  const unfinished = task.unfinishedPath;
  const flag = new Int32Array(task.cancelled);
  const cancelled = new Error('cancelled');
  const mayGoOn = (): void => {
    if (Atomics.load(flag, 0) !== 0) throw cancelled;
  };
  let records: number;
  try {
    records = await writeBundle(task, reader, unfinished, onProgress, mayGoOn, continued);
    sync(unfinished);
    mayGoOn();
    renameSync(unfinished, task.path);
    syncFolder(dirname(task.path));
  } catch (cause) {
    rmSync(unfinished, { force: true });
    if (cause === cancelled) return { kind: 'cancelled' };
    return { kind: 'failed', error: exportError(cause) };
  }
  return {
    kind: 'exported',
    summary: {
      fileName: basename(task.path),
      sizeBytes: statSync(task.path).size,
      records,
      treeSize: task.size,
      encrypted: task.recipients.length > 0,
      clinicalText: task.clinicalText,
      keyFingerprint: logKeyFingerprint(publicKeyOf(task.logSeed)),
      elapsedMs: performance.now() - startedAt,
    },
  };
}

/** Opened for writing: Windows flushes no other handle. */
function sync(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function exportError(cause: unknown): AppError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return appError(
      'export-failed',
      'There is no room for the bundle there. Nothing was left behind, and the record is unchanged. Free some space or choose another place.',
    );
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return appError(
      'export-failed',
      'Cloister may not write to that place. Nothing was left behind, and the record is unchanged. Choose another place.',
    );
  }
  return appError(
    'export-failed',
    'The bundle could not be written there. Nothing was left behind, and the record is unchanged. Choose another place.',
  );
}
