import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { appError, type AppError } from '../../shared/app-error.ts';
import type { BackupSummary, ExportSummary, Verification } from '../../shared/log-data.ts';
import type { Flavour } from '../../shared/flavour.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Selection } from '../log/selection.ts';
import type { CopyOutcome } from '../models/copy-file.ts';
import type { OpenSession } from '../session/open-session.ts';
import {
  workerMessageSchema,
  type FolderCheck,
  type SpoolOutcome,
  type WorkerMessage,
  type WorkerTask,
} from './worker-contract.ts';

/** Long reads of the log, one at a time, in a worker thread on a read-only handle of its own, so that writing never waits. */
export type BackgroundTasks = {
  /** Why nothing can be begun now; null where it can. */
  refusal(): AppError | null;
  verify(session: OpenSession): Promise<Result<Verification>>;
  exportBundle(session: OpenSession, options: ExportOptions): Promise<Result<ExportSummary>>;
  /** Copies record and key file to a new folder of this path. */
  backUp(session: OpenSession, path: string, madeAt: string): Promise<Result<BackupSummary>>;
  /** SQLite's own check of the whole file. @returns false only for a damaged file */
  checkFile(session: OpenSession): Promise<boolean>;
  /** Compares the record with the checkpoints of a folder. @returns null where the folder cannot be reached */
  checkAnchors(session: OpenSession, folder: string): Promise<Result<FolderCheck | null>>;
  /** Puts the checkpoint of this size there. @returns whether it is there */
  writeAnchor(session: OpenSession, folder: string, size: number): Promise<boolean>;
  /** Beside everything else too. `to` null: it is only hashed. */
  copyFile(
    from: string,
    to: string | null,
    onProgress: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<CopyOutcome>;
  /** Beside everything else: nobody waits for it. */
  spool(session: OpenSession, options: SpoolOptions): Promise<SpoolOutcome>;
  /** The session ends: what is being written goes, for it may hold clinical text and nobody would finish it. */
  discard(): void;
};

type ExportOptions = {
  readonly path: string;
  readonly clinicalText: 'withheld' | 'included';
  readonly size: number;
  /** Null: the whole record. */
  readonly selection: Selection | null;
  /** Of age, checked. None: the file is not encrypted. */
  readonly recipients: readonly string[];
  /** Ends the export, which then answers with `cancelled` and leaves no file. */
  readonly signal: AbortSignal;
};

type SpoolOptions = {
  readonly folder: string;
  /** Of age, checked. None: no bundle. */
  readonly recipients: readonly string[];
  /** Entries from the first up to, and without, the second, which is the size that the record has now. */
  readonly from: number;
  readonly to: number;
};

type Deps = {
  readonly workerPath: string;
  readonly start: { readonly version: string; readonly flavour: Flavour };
  readonly versions: () => Record<string, string>;
  readonly model: () => { readonly id: string; readonly sha256: string } | null;
  readonly policy: () => { readonly version: number; readonly sha256: string } | null;
  readonly onExportProgress: (fraction: number) => void;
};

export function createBackgroundTasks(deps: Deps): BackgroundTasks {
  const unfinished = new Set<string>();
  let running = false;

  async function run(task: WorkerTask, onProgress: (fraction: number) => void): Promise<WorkerMessage> {
    running = true;
    try {
      return await runWorker(deps.workerPath, task, onProgress);
    } finally {
      running = false;
    }
  }

  const maker = () => ({
    appVersion: deps.start.version,
    versions: deps.versions(),
    model: deps.model(),
    policy: deps.policy(),
    flavour: deps.start.flavour,
  });

  return {
    refusal: () => (running ? busy : null),
    discard() {
      for (const path of unfinished) rmSync(path, { recursive: true, force: true });
    },
    async verify(session) {
      const { databasePath, dek, origin, verifierKey } = session;
      const task: WorkerTask = {
        kind: 'verify',
        databasePath,
        dek: Uint8Array.from(dek),
        origin,
        verifierKey,
      };
      const last = await run(task, () => undefined);
      return last.kind === 'verified' ? ok(last.verification) : failure(last);
    },
    async backUp({ databasePath, dek }, path, madeAt) {
      const unfinishedPath = unfinishedBeside(path);
      unfinished.add(unfinishedPath);
      const appVersion = deps.start.version;
      const files = { databasePath, path, unfinishedPath };
      const last = await run(
        { kind: 'backup', dek: Uint8Array.from(dek), appVersion, madeAt, ...files },
        deps.onExportProgress,
      );
      unfinished.delete(unfinishedPath);
      return last.kind === 'backed-up' ? ok(last.summary) : failure(last);
    },
    async checkFile({ databasePath, dek }) {
      const task = { kind: 'check-file', databasePath, dek: Uint8Array.from(dek) } as const;
      const last = await runWorker(deps.workerPath, task, () => undefined);
      return last.kind !== 'file-checked' || last.whole;
    },
    async checkAnchors(session, folder) {
      const { databasePath, dek, origin, verifierKey } = session;
      const last = await runWorker(
        deps.workerPath,
        { kind: 'check-anchors', databasePath, dek: Uint8Array.from(dek), origin, verifierKey, folder },
        () => undefined,
      );
      return last.kind === 'anchors-checked' ? ok(last.check) : failure(last);
    },
    async copyFile(from, to, onProgress, signal) {
      const last = await runWorker(
        deps.workerPath,
        { kind: 'copy-file', from, to, cancelled: cancelledBy(signal) },
        onProgress,
      );
      return last.kind === 'copied' ? last.outcome : { failure: 'target' };
    },
    async writeAnchor({ origin, reader }, folder, size) {
      const note = reader.checkpoint(size);
      if (note === null) throw new Error('there is no checkpoint of that size');
      const last = await runWorker(
        deps.workerPath,
        { kind: 'write-anchor', folder, origin, size, note },
        () => undefined,
      );
      return last.kind === 'anchor-written' && last.written;
    },
    async exportBundle(session, { recipients, signal, ...options }) {
      const { databasePath, dek, logSeed, origin, verifierKey } = session;
      session.log.keepCheckpoint(options.size);
      const unfinishedPath = unfinishedBeside(options.path);
      unfinished.add(unfinishedPath);
      const task: WorkerTask = {
        kind: 'export',
        databasePath,
        dek: Uint8Array.from(dek),
        logSeed: Uint8Array.from(logSeed),
        origin,
        verifierKey,
        ...options,
        recipients: [...recipients],
        unfinishedPath,
        cancelled: cancelledBy(signal),
        ...maker(),
      };
      const last = await run(task, deps.onExportProgress);
      unfinished.delete(unfinishedPath);
      if (last.kind === 'cancelled') return err(stopped);
      return last.kind === 'exported' ? ok(last.summary) : failure(last);
    },
    async spool({ databasePath, dek, logSeed, origin, verifierKey, log }, { recipients, ...options }) {
      log.keepCheckpoint(options.to);
      const keys = { dek: Uint8Array.from(dek), logSeed: Uint8Array.from(logSeed) };
      const last = await runWorker(
        deps.workerPath,
        {
          kind: 'spool',
          databasePath,
          ...keys,
          origin,
          verifierKey,
          ...options,
          recipients: [...recipients],
          ...maker(),
        },
        () => undefined,
      );
      return last.kind === 'spooled' ? last.done : 'not-written';
    },
  };
}

/** One 32-bit word that a worker looks at: not 0 once the signal has come. */
function cancelledBy(signal: AbortSignal): SharedArrayBuffer {
  const cancelled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const cancel = (): void => void Atomics.store(cancelled, 0, 1);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel);
  return cancelled.buffer;
}

/** A name of its own: nobody's file stands there already, and no link that somebody laid out. */
function unfinishedBeside(path: string): string {
  return join(dirname(path), `.cloister-${randomUUID()}.part`);
}

const stopped = appError(
  'cancelled',
  'The export was stopped. Nothing was left behind, and the record is unchanged but for saying so.',
);
const busy = appError(
  'invalid-input',
  'The record is being checked or exported already. Nothing else was begun. Wait until that is done.',
);

function failure(message: WorkerMessage): Result<never> {
  if (message.kind === 'failed') return err(message.error);
  return err(
    appError(
      'internal',
      'The work in the background ended without an answer. The record is unchanged. Try again.',
    ),
  );
}

/**
 * Each row of a record is garbage a moment later. With the room that V8 gives new objects by default, the process of a long
 * export grows by a hundred megabytes before it looks at any of them.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** Resolves with the worker's last word; a worker that dies without one counts as failed. */
export function runWorker(
  path: string,
  task: WorkerTask,
  onProgress: (fraction: number) => void,
): Promise<WorkerMessage> {
  return new Promise((resolve) => {
    // Moved, not copied: the keys are the worker's alone, which overwrites them.
    const transferList = [
      ...('dek' in task ? [task.dek.buffer] : []),
      ...('logSeed' in task ? [task.logSeed.buffer] : []),
    ];
    const worker = new Worker(path, { workerData: task, transferList, resourceLimits });
    let last: WorkerMessage = { kind: 'progress', fraction: 0 };
    worker.on('message', (message: unknown) => {
      last = workerMessageSchema.parse(message);
      if (last.kind === 'progress') onProgress(last.fraction);
    });
    worker.on('error', () => {
      last = {
        kind: 'failed',
        error: appError(
          'export-failed',
          'The work in the background failed. The record is unchanged. Try again; if it happens again, call IT.',
        ),
      };
    });
    worker.on('exit', () => {
      resolve(last);
    });
  });
}
