import type { GraphicsTrial } from '../shared/graphics.ts';
import { isInPart } from '../shared/graphics-part.ts';
import type { ThreadChoice } from '../links/model-port.ts';
import { err, ok, type Result } from '../shared/result.ts';
import {
  deltaIntervals,
  type EvaluateRequest,
  type EvaluationEnd,
  type GenerateRequest,
  type GenerationEvents,
  type GenerationOutcome,
} from './conversation.ts';
import type { CpuFacts } from './cpu-facts.ts';
import { createLookup, isWorthProposing } from './lookup.ts';
import { processorBackend } from './graphics-card.ts';
import {
  countTokens,
  openConversation,
  startLlamaRuntime,
  type LlamaRuntime,
  type OpenConversation,
} from './llama-runtime.ts';
import {
  modelChangedWhileLoading,
  modelLoadFailed,
  modelNeedsMoreMemory,
  modelNotGguf,
  modelNotReady,
  notEnoughMemory,
  turnInProgress,
} from './model-errors.ts';
import { memoryNeed } from './memory-need.ts';
import { verifyModelFile, type VerifiedModelFile } from './model-file.ts';
import type { NodeLlamaCpp } from './node-llama-cpp.ts';
import { contextOf, inPercents, placeModel, type Held, type LoadOptions } from './place-model.ts';
import type { RequestTexts } from './request-tokens.ts';

export type LoadedFacts = {
  /** Model and context, without checking the file and without measuring threads. */
  readonly loadMs: number;
  readonly verifyMs: number;
  readonly engineVersion: string;
  readonly llamaCppRelease: string;
  readonly backend: string;
  readonly threads: ThreadChoice;
  readonly contextTokens: number;
  /** Of the file, as `HashedFile` has it. */
  readonly identity: string;
  /** Null: the graphics were left alone. */
  readonly graphics: GraphicsTrial | null;
};

/** Of the system and of Cloister's other processes; with less, all of it would live on the disk. */
const memoryForTheRest = 1024 ** 3;

export type Engine = {
  /**
   * Verifies the file, loads it, chooses the thread count. A model that was loaded before is dropped first. Rejects only
   * when `signal` aborts. Not for two calls at a time.
   */
  load(...options: LoadOptions): Promise<Result<LoadedFacts>>;
  /** One at a time: a second call while one runs answers `turn-in-progress`. Never rejects for an expected failure. */
  generate(
    request: GenerateRequest,
    events: GenerationEvents,
    signal: AbortSignal,
  ): Promise<GenerationOutcome>;
  /** As `generate`: one of the two at a time. Reads ahead; an abort ends it, and what was read stays. */
  evaluate(
    request: EvaluateRequest,
    onFraction: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<EvaluationEnd>;
  /** The model lies on a graphics card. */
  isOnCard(): boolean;
  /** Tokens of each request; null where no model is loaded. */
  count(requests: readonly RequestTexts[]): number[] | null;
  /** Gives back the memory that holds what was read. Not while something runs. */
  release(): Promise<void>;
  dispose(): Promise<void>;
};

export type EngineDeps = {
  readonly importNodeLlamaCpp: () => Promise<NodeLlamaCpp>;
  readonly cpu: CpuFacts;
  readonly platform: NodeJS.Platform;
  /** Of this machine, or what the system allows this process. */
  readonly totalMemoryBytes: number;
  /** Milliseconds, never going back. */
  readonly now: () => number;
};

/** What is in memory; `model` is set as soon as it must be disposed of, `conversation` when it can be talked to. */
type Loaded = Held & {
  runtime: LlamaRuntime | null;
  conversation: OpenConversation | null;
  /** Opens another conversation with the same model. */
  reopen: (() => Promise<OpenConversation>) | null;
  count: ((requests: readonly RequestTexts[]) => number[]) | null;
};

async function dropModel(loaded: Loaded): Promise<void> {
  const { model, graphics } = loaded;
  loaded.model = null;
  loaded.graphics = null;
  loaded.conversation = null;
  loaded.reopen = null;
  loaded.count = null;
  await model?.dispose();
  await graphics?.llama.dispose();
}

async function loadVerified(
  deps: EngineDeps,
  loaded: Loaded,
  file: VerifiedModelFile,
  options: LoadOptions,
): Promise<Result<Omit<LoadedFacts, 'verifyMs' | 'identity'>>> {
  const { cpu, now } = deps;
  const [specification, known] = options;
  const runtime = (loaded.runtime ??= await startLlamaRuntime(
    await deps.importNodeLlamaCpp(),
    cpu,
    processorBackend(deps.platform, process.arch),
  ));
  if (!(await file.isUnchanged())) return err(modelChangedWhileLoading);
  // The header of an approved file does not change: it is read once on a machine.
  const memoryBytes =
    known.threads?.memoryBytes ??
    ((await file.hasSoundHeader()) ? await memoryNeed({ ...runtime, ...specification }) : null);
  if (memoryBytes === null) return err(modelNotGguf);
  if (memoryBytes + memoryForTheRest > deps.totalMemoryBytes)
    return err(modelNeedsMoreMemory(memoryBytes, deps.totalMemoryBytes));
  const startedAt = now();
  const { isUnchanged } = file;
  const placed = await placeModel({ ...deps, isUnchanged }, loaded, runtime, options);
  if (placed === 'changed') return err(modelChangedWhileLoading);

  const { model, threads, graphics } = placed;
  const contextTokens = contextOf(specification)(model);
  const isOnCard = graphics?.result === 'used';
  const isWholeOnCard = isOnCard && !isInPart(graphics);
  const hasCoreToSpare = isWholeOnCard || threads.threads < cpu.availableParallelism;
  const batchCosts = (isOnCard ? graphics : threads).batchCosts ?? null;
  loaded.reopen = () =>
    openConversation({
      runtime: placed.runtime,
      model,
      contextTokens,
      threads: threads.threads,
      lookup: isWorthProposing(batchCosts) ? createLookup(batchCosts, now) : null,
      deltaIntervalMs: deltaIntervals[hasCoreToSpare ? 'withCoreToSpare' : 'withoutCoreToSpare'],
      now,
    });
  loaded.conversation = await loaded.reopen();
  loaded.count = (requests) => countTokens(placed.runtime, model, requests);
  const { llama, engineVersion } = placed.runtime;
  return ok({
    loadMs: now() - startedAt - placed.measureMs,
    engineVersion,
    llamaCppRelease: llama.llamaCppRelease.release,
    backend: isOnCard && llama.gpu !== false ? llama.gpu : 'cpu',
    threads: { ...threads, memoryBytes },
    contextTokens,
    graphics,
  });
}

async function load(deps: EngineDeps, loaded: Loaded, ...options: LoadOptions): Promise<Result<LoadedFacts>> {
  const [specification, { hashed = null }, onStatus, signal] = options;
  await dropModel(loaded);
  const startedAt = deps.now();
  const file = await verifyModelFile({
    ...specification,
    hashed,
    onProgress: inPercents('checking', onStatus),
    signal,
  });
  if (!file.ok) return file;
  const verifyMs = deps.now() - startedAt;
  try {
    const result = await loadVerified(deps, loaded, file.value, options);
    if (result.ok) return ok({ ...result.value, verifyMs, identity: file.value.identity });
    await dropModel(loaded);
    return result;
  } catch (error) {
    await dropModel(loaded).catch(() => undefined);
    signal.throwIfAborted();
    const { InsufficientMemoryError } = loaded.runtime?.nodeLlamaCpp ?? {};
    const tooLittleMemory = InsufficientMemoryError !== undefined && error instanceof InsufficientMemoryError;
    return err(tooLittleMemory ? notEnoughMemory : modelLoadFailed);
  } finally {
    await file.value.close();
  }
}

export function createEngine(deps: EngineDeps): Engine {
  const loaded: Loaded = {
    runtime: null,
    graphics: null,
    model: null,
    conversation: null,
    reopen: null,
    count: null,
  };
  let busy = false;
  return {
    load: (...options) => load(deps, loaded, ...options),
    generate: async (request, events, signal) => {
      if (busy) return { kind: 'failed', error: turnInProgress };
      if (loaded.conversation === null) return { kind: 'failed', error: modelNotReady };
      busy = true;
      try {
        return await loaded.conversation.generate(request, events, signal);
      } finally {
        busy = false;
      }
    },
    evaluate: async (request, onFraction, signal) => {
      const nothing = { reason: 'interrupted', promptTokens: 0, evaluatedTokens: 0, elapsedMs: 0 } as const;
      if (busy || loaded.conversation === null) return nothing;
      busy = true;
      try {
        return await loaded.conversation.evaluate(request, onFraction, signal);
      } finally {
        busy = false;
      }
    },
    isOnCard: () => loaded.graphics !== null,
    count: (requests) => loaded.count?.(requests) ?? null,
    release: async () => {
      const { conversation, reopen } = loaded;
      if (conversation === null || reopen === null) return;
      loaded.conversation = null;
      await conversation.close();
      loaded.conversation = await reopen();
    },
    dispose: async () => {
      await dropModel(loaded);
      await loaded.runtime?.llama.dispose();
      loaded.runtime = null;
    },
  };
}
