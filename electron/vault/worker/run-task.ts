import { parentPort } from 'node:worker_threads';
import { readAnchors, writeAnchor } from '../anchors/anchor-files.ts';
import { checkAnchors, checkpointOpener } from '../anchors/check-anchors.ts';
import { writeBackup } from '../backup/write-backup.ts';
import { copyFile } from '../models/copy-file.ts';
import { appError } from '../../shared/app-error.ts';
import { isWhole, openReadOnlyDatabase, type ReadableDatabase } from '../database/open-database.ts';
import { spool } from '../spool/spool.ts';
import { exportBundle } from './export-bundle.ts';
import type { ContinuedRecord } from '../log/bundle.ts';
import { earlierRecords, openEarlierReader } from '../log/earlier-records.ts';
import { logKeyFingerprint } from '../log/log-key.ts';
import { openSnapshotReader, type LogReader } from '../log/log-reader.ts';
import { parseVerifierKey } from '../log/signed-note.ts';
import { verifyRecord } from '../log/verify-record.ts';
import type { WorkerMessage, WorkerTask } from './worker-contract.ts';

const post = (message: WorkerMessage): void => {
  parentPort?.postMessage(message);
};

/** Runs one long task beside the writer; what reads the record does so on a read-only handle of its own. */
export async function runTask(task: WorkerTask): Promise<void> {
  if (task.kind === 'write-anchor') post({ kind: 'anchor-written', written: write(task) });
  else if (task.kind === 'copy-file')
    post({
      kind: 'copied',
      outcome: copyFile({ ...task, cancelled: new Int32Array(task.cancelled) }, onProgress),
    });
  else if (task.kind === 'backup') post(backUp(task));
  else await readRecord(task);
}

function backUp(task: Extract<WorkerTask, { kind: 'backup' }>): WorkerMessage {
  try {
    const made = writeBackup(task, onProgress);
    return made.ok ? { kind: 'backed-up', summary: made.value } : { kind: 'failed', error: made.error };
  } finally {
    task.dek.fill(0);
  }
}

async function readRecord(
  task: Exclude<WorkerTask, { kind: 'write-anchor' | 'copy-file' | 'backup' }>,
): Promise<void> {
  let database: ReadableDatabase | null = null;
  try {
    try {
      database = openReadOnlyDatabase(task.databasePath, task.dek);
    } finally {
      task.dek.fill(0);
    }
    if (task.kind === 'check-file') {
      post({ kind: 'file-checked', whole: isWhole(database) });
      return;
    }
    const reader = openSnapshotReader(database);
    switch (task.kind) {
      case 'verify':
        post({ kind: 'verified', verification: verify(task, database, reader) });
        break;
      case 'check-anchors':
        post({ kind: 'anchors-checked', check: checkFolder(task, reader) });
        break;
      case 'spool':
        post({ kind: 'spooled', done: await spool(task, reader) });
        break;
      case 'export':
        post(await exportBundle(task, reader, continuedBy(database), onProgress));
        break;
    }
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
    if ('logSeed' in task) task.logSeed.fill(0);
  }
}

function continuedBy(database: ReadableDatabase): readonly ContinuedRecord[] {
  return earlierRecords(database).map((record) => ({ record, reader: openEarlierReader(database, record) }));
}

/** A network share may take its time, or hang for ever: that is why this is not the vault's own thread. */
function checkFolder(
  { folder, origin, verifierKey }: Extract<WorkerTask, { kind: 'check-anchors' }>,
  reader: LogReader,
) {
  const open = checkpointOpener(reader, origin, verifierKey);
  const files = readAnchors(folder, origin, (note) => open(note) !== null);
  if (files === null) return null;
  return { ...checkAnchors(reader, origin, verifierKey, files.notes), unreadable: files.unreadable };
}

function write({ folder, origin, size, note }: Extract<WorkerTask, { kind: 'write-anchor' }>): boolean {
  try {
    writeAnchor(folder, origin, size, note);
    return true;
  } catch {
    return false;
  }
}

function onProgress(fraction: number): void {
  post({ kind: 'progress', fraction });
}

function verify(
  task: Extract<WorkerTask, { kind: 'verify' }>,
  database: ReadableDatabase,
  reader: LogReader,
) {
  const startedAt = performance.now();
  const check = verifyRecord(database, reader, task, onProgress);
  const key = parseVerifierKey(task.verifierKey);
  return {
    ...check,
    keyFingerprint: key === null ? '' : logKeyFingerprint(key.publicKey),
    elapsedMs: performance.now() - startedAt,
  };
}
