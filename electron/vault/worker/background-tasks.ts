import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { appError } from '../../shared/app-error.ts';
import type { ExportSummary, Verification } from '../../shared/log-data.ts';
import type { Flavour } from '../../shared/flavour.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { OpenSession } from '../session/open-session.ts';
import { workerMessageSchema, type WorkerMessage, type WorkerTask } from './worker-contract.ts';

/** Long reads of the log, each in a worker thread on a read-only handle of its own, so that writing never waits. */
export type BackgroundTasks = {
  verify(session: OpenSession): Promise<Result<Verification>>;
  exportBundle(
    session: OpenSession,
    options: { readonly path: string; readonly clinicalText: 'withheld' | 'included'; readonly size: number },
  ): Promise<Result<ExportSummary>>;
  /** The session ends: what is being written goes, for it may hold clinical text and nobody would finish it. */
  discard(): void;
};

type Deps = {
  readonly workerPath: string;
  readonly appVersion: string;
  readonly flavour: Flavour;
  readonly versions: () => Record<string, string>;
  readonly model: () => { readonly id: string; readonly sha256: string } | null;
  readonly onExportProgress: (fraction: number) => void;
};

export function createBackgroundTasks(deps: Deps): BackgroundTasks {
  const unfinished = new Set<string>();
  return {
    discard() {
      for (const path of unfinished) rmSync(path, { force: true });
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
      const last = await runWorker(deps.workerPath, task, () => undefined);
      return last.kind === 'verified' ? ok(last.verification) : failure(last);
    },
    async exportBundle(session, { path, clinicalText, size }) {
      const { databasePath, dek, logSeed, origin, verifierKey } = session;
      session.log.keepCheckpoint(size);
      // A name of its own: nobody's file stands there already, and no link that somebody laid out.
      const unfinishedPath = join(dirname(path), `.cloister-${randomUUID()}.part`);
      unfinished.add(unfinishedPath);
      const task: WorkerTask = {
        kind: 'export',
        databasePath,
        dek: Uint8Array.from(dek),
        logSeed: Uint8Array.from(logSeed),
        origin,
        verifierKey,
        path,
        unfinishedPath,
        size,
        clinicalText,
        appVersion: deps.appVersion,
        versions: deps.versions(),
        model: deps.model(),
        flavour: deps.flavour,
      };
      const last = await runWorker(deps.workerPath, task, deps.onExportProgress);
      unfinished.delete(unfinishedPath);
      return last.kind === 'exported' ? ok(last.summary) : failure(last);
    },
  };
}

function failure(message: WorkerMessage): Result<never> {
  if (message.kind === 'failed') return err(message.error);
  return err(
    appError(
      'internal',
      'The work in the background ended without an answer. The record is unchanged. Try again.',
    ),
  );
}

/** Resolves with the worker's last word; a worker that dies without one counts as failed. */
function runWorker(
  path: string,
  task: WorkerTask,
  onProgress: (fraction: number) => void,
): Promise<WorkerMessage> {
  return new Promise((resolve) => {
    const worker = new Worker(path, { workerData: task });
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
