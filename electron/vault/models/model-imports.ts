import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AppError } from '../../shared/app-error.ts';
import type { VaultEvent } from '../../shared/contract.ts';
import { readingCost } from '../../shared/batch-costs.ts';
import type { GraphicsState } from '../../shared/graphics.ts';
import { visitNote, type ModelImport, type ModelLibrary } from '../../shared/library-contract.ts';
import type { ThreadChoice } from '../../links/model-port.ts';
import type { EngineSettings } from '../engine-settings.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { syncFolder } from '../keys/durable-file.ts';
import type { OpenSession } from '../session/open-session.ts';
import type { ModelGateway } from '../turns/model-gateway.ts';
import type { StartMessage } from '../vault-parts.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import { folderNotWritable, notEnoughSpace } from './download-errors.ts';
import type { CatalogueFile } from './model-catalogue.ts';
import * as errors from './import-errors.ts';
import { modelFiles, spareBytes } from './model-files.ts';
import { recordImported } from './record-imported.ts';

/**
 * Models from a drive, one at a time. A file is taken for what its bytes are: whatever its name, it is added if its
 * SHA-256 stands in the catalogue, and only then. It is hashed while it is copied, so what was hashed is what is here.
 */
export type ModelImports = {
  library(): ModelLibrary;
  /** Answers when it has begun. */
  begin(path: string): Result<Record<string, never>>;
  /** Asked for, or because the session ends: nothing of the file stays. */
  stop(): void;
  /** The library is another one now. */
  changed(): void;
};

type Deps = {
  readonly start: Pick<StartMessage, 'modelsFolder'>;
  /** Of the approved models. */
  readonly models: readonly CatalogueFile[];
  /** Of the model that answers, and of the one that answers from the next sign-in on. */
  readonly inUse: { readonly id: string | null; readonly next: () => string | null };
  readonly settings: Pick<EngineSettings, 'read'>;
  readonly graphicsState: () => GraphicsState | null;
  readonly session: () => OpenSession;
  readonly tasks: Pick<BackgroundTasks, 'copyFile'>;
  readonly gateway: Pick<ModelGateway, 'modelArrived'>;
  /** To the page. */
  readonly post: (event: VaultEvent) => void;
};

/** Of the person who began it. */
type Running = {
  readonly session: OpenSession;
  readonly stopping: AbortController;
  /** A name of its own: one that was stopped may still be cleaning up. */
  readonly partPath: string;
};

const idle: ModelImport = { fraction: null, added: null, problem: null };

export function createModelImports(deps: Deps): ModelImports {
  const { modelsFolder } = deps.start;
  const { models, inUse, settings } = deps;
  discardLeftBehind(modelsFolder);
  let running: Running | null = null;
  let shown = idle;

  const library = (): ModelLibrary => {
    const next = inUse.next();
    const graphics = deps.graphicsState();
    return {
      models: models.map((model) => ({
        modelId: model.id,
        name: model.name,
        licence: model.licence,
        use: model.use,
        sizeBytes: model.sizeBytes,
        isInstalled: modelFiles(modelsFolder, model).isInstalled(),
        measured: measuredOf(settings.read(model.sha256), model.id === inUse.id ? graphics : null),
        isInUse: model.id === inUse.id,
        isNext: model.id === next,
      })),
      import: shown,
      graphics,
    };
  };

  function show(next: ModelImport): void {
    shown = next;
    deps.post({ event: 'model.import', library: library() });
  }

  function end(current: Running, problem: AppError | null, added: CatalogueFile | null): void {
    if (running !== current) return;
    running = null;
    show({ fraction: null, added: added?.name ?? null, problem });
  }

  async function read(
    current: Running,
    path: string,
    expected: CatalogueFile | null,
    sizeBytes: number,
  ): Promise<void> {
    const { partPath, session } = current;
    const copied = await deps.tasks.copyFile(
      path,
      expected === null ? null : partPath,
      (fraction) => {
        if (running === current) show({ ...idle, fraction });
      },
      current.stopping.signal,
    );
    if (running !== current) return;
    if ('failure' in copied) return end(current, errors.importErrors[copied.failure], null);
    const { sha256 } = copied;
    const model = models.find((candidate) => candidate.sha256 === sha256);
    const file = { sha256, sizeBytes, source: 'file' } as const;
    if (model === undefined || expected === null) {
      discard(partPath);
      const problem = recordImported(session, { ...file, id: null }, 'refused');
      return end(current, problem ?? errors.notApproved, null);
    }
    const problem =
      recordImported(session, { ...file, id: model.id }, 'success') ?? install(modelsFolder, partPath, model);
    end(current, problem, problem === null ? model : null);
    if (problem === null) deps.gateway.modelArrived(join(modelsFolder, model.file));
  }

  return {
    library,
    changed: () => {
      show(shown);
    },
    begin(path) {
      if (running !== null) return err(errors.alreadyImporting);
      const sizeBytes = sizeOf(path);
      if (sizeBytes === null) return err(errors.sourceUnreadable);
      const expected = models.find((model) => model.sizeBytes === sizeBytes) ?? null;
      if (expected !== null) {
        const files = modelFiles(modelsFolder, expected);
        if (!files.isWritable()) return err(folderNotWritable);
        const missingBytes = sizeBytes + spareBytes - files.freeBytes();
        if (missingBytes > 0) return err(notEnoughSpace(missingBytes));
      }
      const current = {
        session: deps.session(),
        stopping: new AbortController(),
        partPath: join(modelsFolder, `import-${randomUUID()}.part`),
      };
      running = current;
      show({ ...idle, fraction: 0 });
      void read(current, path, expected, sizeBytes);
      return ok({});
    },
    stop() {
      const current = running;
      if (current === null) return;
      current.stopping.abort();
      discard(current.partPath);
      end(current, errors.importErrors.cancelled, null);
    },
  };
}

function measuredOf(
  choice: ThreadChoice | null,
  graphics: GraphicsState | null,
): ModelLibrary['models'][number]['measured'] {
  if (choice === null) return null;
  const { memoryBytes } = choice;
  const trial = graphics?.kind === 'tried' && graphics.trial.result === 'used' ? graphics.trial : null;
  const tokensPerSecond = trial?.tokensPerSecond ?? choice.tokensPerSecond;
  const cost = readingCost((trial ?? choice).batchCosts ?? null);
  const tokens = cost === null ? null : visitNote.sourceTokens * cost + visitNote.answerTokens;
  return {
    noteSeconds: tokens === null || tokensPerSecond === 0 ? null : tokens / tokensPerSecond,
    memoryBytes: memoryBytes ?? null,
  };
}

/** @returns what went wrong */
function install(folder: string, partPath: string, { file }: CatalogueFile): AppError | null {
  try {
    renameSync(partPath, join(folder, file));
    syncFolder(folder);
    return null;
  } catch {
    return errors.importErrors.target;
  }
}

/** A folder that is not ours to write to holds nothing of ours. */
function discard(partPath: string): void {
  try {
    rmSync(partPath, { force: true });
  } catch {
    // The next copy is refused with a sentence.
  }
}

/** Of a run that was ended in the middle. */
function discardLeftBehind(folder: string): void {
  try {
    for (const name of readdirSync(folder)) if (partName.test(name)) discard(join(folder, name));
  } catch {
    // No folder, nothing left behind.
  }
}

const partName = /^import-[0-9a-f-]{36}\.part$/;

function sizeOf(path: string): number | null {
  try {
    const found = statSync(path);
    return found.isFile() ? found.size : null;
  } catch {
    return null;
  }
}
