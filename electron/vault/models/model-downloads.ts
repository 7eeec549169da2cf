import type { FromVault } from '../../links/vault-control.ts';
import type { AppError } from '../../shared/app-error.ts';
import type {
  DownloadProgress,
  ModelDownload,
  ModelDownloads as DownloadsForPage,
} from '../../shared/download-contract.ts';
import type { LeafOutcome } from '../../shared/log-data.ts';
import type { VaultEvent } from '../../shared/contract.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { OpenSession } from '../session/open-session.ts';
import type { ModelGateway } from '../turns/model-gateway.ts';
import type { DownloadReport, StartMessage } from '../vault-parts.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import * as errors from './download-errors.ts';
import { downloadOrder, refusalOf, sourceOf, type DownloadRules } from './download-order.ts';
import type { CatalogueFile } from './model-catalogue.ts';
import { modelFiles, spareBytes, type ModelFiles } from './model-files.ts';
import { recordImported } from './record-imported.ts';

/**
 * Downloads of approved models, one at a time. The vault decides and records; the bytes come through the egress process,
 * which main starts for one order. Nothing that process says counts: the whole file is hashed here before it gets its name.
 */
export type ModelDownloads = {
  list(): DownloadsForPage;
  start(modelId: string): Result<Record<string, never>>;
  /** Asked for, or because the session ends: what has come is kept. */
  stop(): void;
  discard(modelId: string): Result<Record<string, never>>;
  /** Of the egress process, by main's word. */
  report(said: DownloadReport): void;
};

type Running = {
  readonly model: CatalogueFile;
  readonly files: ModelFiles;
  /** Of the person who began it. */
  readonly session: OpenSession;
  readonly stopping: AbortController;
  progress: DownloadProgress;
};

type Deps = {
  readonly start: Pick<StartMessage, 'modelsFolder'>;
  /** Of the approved models. */
  readonly models: readonly CatalogueFile[];
  readonly rules: () => DownloadRules;
  readonly session: () => OpenSession;
  readonly tasks: Pick<BackgroundTasks, 'copyFile'>;
  readonly gateway: Pick<ModelGateway, 'modelArrived'>;
  /** Starts and ends the egress process. */
  readonly toMain: (message: FromVault) => void;
  /** To the page. */
  readonly post: (event: VaultEvent) => void;
};

export function createModelDownloads(deps: Deps): ModelDownloads {
  let running: Running | null = null;
  const problems = new Map<string, AppError>();

  const find = (modelId: string): CatalogueFile | undefined =>
    deps.models.find((model) => model.id === modelId);
  const tell = (model: CatalogueFile): void => {
    deps.post({ event: 'model.download', download: view(model) });
  };

  function view(model: CatalogueFile): ModelDownload {
    const progress = running?.model.id === model.id ? running.progress : restingProgress(model);
    return { modelId: model.id, progress, problem: problems.get(model.id) ?? null };
  }

  function restingProgress(model: CatalogueFile): DownloadProgress {
    const files = modelFiles(deps.start.modelsFolder, model);
    if (files.isInstalled()) return { state: 'installed' };
    const bytes = files.partBytes();
    return bytes === 0 ? { state: 'absent' } : { state: 'part', bytes };
  }

  function show(current: Running, progress: DownloadProgress): void {
    current.progress = progress;
    tell(current.model);
  }

  /** What the record has of a download that was begun and is over, and then what the screen says. */
  function end(current: Running, problem: AppError | null): void {
    const said = problem === null ? null : (record(current, errors.outcomeOf(problem.code)) ?? problem);
    if (said !== null) problems.set(current.model.id, said);
    running = null;
    tell(current.model);
  }

  async function check(current: Running): Promise<void> {
    const { model, files } = current;
    show(current, { state: 'checking', fraction: 0 });
    const read = await deps.tasks.copyFile(
      files.partPath,
      null,
      (fraction) => {
        if (running === current) show(current, { state: 'checking', fraction });
      },
      current.stopping.signal,
    );
    if (running !== current) return;
    if ('failure' in read) end(current, errors.downloadErrors['disk-failed']);
    else if (read.sha256 === model.sha256) {
      const problem = record(current, 'success') ?? install(files);
      end(current, problem);
      if (problem === null) deps.gateway.modelArrived(files.path);
    } else {
      files.discard();
      end(current, errors.notTheApprovedFile);
    }
  }

  function begin(model: CatalogueFile & { readonly revision: string }): Result<Record<string, never>> {
    const files = modelFiles(deps.start.modelsFolder, model);
    if (files.isInstalled()) return err(errors.alreadyInstalled);
    if (!files.isWritable()) return err(errors.folderNotWritable);
    const bytes = files.partBytes();
    const missingBytes = model.sizeBytes - bytes + spareBytes - files.freeBytes();
    if (missingBytes > 0) return err(errors.notEnoughSpace(missingBytes));
    const order = downloadOrder(deps.rules(), model, files.partPath);
    if (!order.ok) return order;
    problems.delete(model.id);
    const current: Running = {
      model,
      files,
      session: deps.session(),
      stopping: new AbortController(),
      progress: { state: 'downloading', bytes },
    };
    running = current;
    if (bytes === model.sizeBytes) void check(current);
    else {
      show(current, current.progress);
      deps.toMain({ kind: 'download-model', order: order.value });
    }
    return ok({});
  }

  function stop(): void {
    if (running === null) return;
    running.stopping.abort();
    deps.toMain({ kind: 'stop-download' });
    end(running, errors.stopped);
  }

  return {
    list: () => ({
      refusal: refusalOf(deps.rules())?.message ?? null,
      source: sourceOf(deps.rules()),
      models: deps.models
        .filter(({ revision }) => revision !== null)
        .map((model) => ({
          ...view(model),
          name: model.name,
          licence: model.licence,
          sizeBytes: model.sizeBytes,
        })),
    }),
    start(modelId) {
      const refusal = refusalOf(deps.rules());
      if (refusal !== null) return err(refusal);
      if (running !== null) return err(errors.alreadyRunning);
      const model = find(modelId);
      if (model === undefined || model.revision === null) return err(errors.cannotBeDownloaded);
      return begin({ ...model, revision: model.revision });
    },
    stop,
    discard(modelId) {
      if (running?.model.id === modelId) return err(errors.alreadyRunning);
      const model = find(modelId);
      if (model === undefined) return err(errors.cannotBeDownloaded);
      modelFiles(deps.start.modelsFolder, model).discard();
      problems.delete(modelId);
      tell(model);
      return ok({});
    },
    report(said) {
      const current = running;
      if (current?.progress.state !== 'downloading') return;
      if (said.kind === 'download-progress') show(current, { state: 'downloading', bytes: said.bytes });
      else if (said.failure === null) void check(current);
      else end(current, errors.downloadErrors[said.failure]);
    },
  };
}

function record({ model, session }: Running, outcome: LeafOutcome): AppError | null {
  const { sha256, id, sizeBytes } = model;
  return recordImported(session, { sha256, id, sizeBytes, source: 'download' }, outcome);
}

/** @returns what went wrong */
function install(files: ModelFiles): AppError | null {
  try {
    files.install();
    return null;
  } catch {
    return errors.downloadErrors['disk-failed'];
  }
}
