import type { HashedFile } from '../links/hashed-file.ts';
import type { ModelSpecification, ThreadChoice } from '../links/model-port.ts';
import type { ModelStatus } from '../shared/contract.ts';
import { err, ok, type Result } from '../shared/result.ts';
import { chooseThreads } from './choose-threads.ts';
import type {
  EvaluateRequest,
  EvaluationEnd,
  GenerateRequest,
  GenerationEvents,
  GenerationOutcome,
} from './conversation.ts';
import type { CpuFacts } from './cpu-facts.ts';
import { canLookUp, createLookup, isWorthProposing } from './lookup.ts';
import {
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
import { acceptsSeveralProposals } from './mended-acceptance.ts';
import { verifyModelFile, type VerifiedModelFile } from './model-file.ts';
import type { LlamaModel, NodeLlamaCpp } from './node-llama-cpp.ts';
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
};

/** Of the system and of Cloister's other processes; with less, all of it would live on the disk. */
const memoryForTheRest = 1024 ** 3;

export type LoadingStatus = Extract<ModelStatus, { state: 'loading' }>;

export type Engine = {
  /**
   * Verifies the file, loads it, chooses the thread count. A model that was loaded before is dropped first. Rejects only
   * when `signal` aborts. Not for two calls at a time.
   */
  load(
    specification: ModelSpecification,
    /** From earlier runs on this machine, so that it need not be found out again. */
    known: { readonly threads?: ThreadChoice | null; readonly hashed?: HashedFile | null },
    onStatus: (status: LoadingStatus) => void,
    signal: AbortSignal,
  ): Promise<Result<LoadedFacts>>;
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
  /** Tokens of each request; null where no model is loaded. */
  count(requests: readonly RequestTexts[]): number[] | null;
  /** Gives back the memory that holds what was read. Not while something runs. */
  release(): Promise<void>;
  dispose(): Promise<void>;
};

export type EngineDeps = {
  readonly importNodeLlamaCpp: () => Promise<NodeLlamaCpp>;
  readonly cpu: CpuFacts;
  /** Of this machine, or what the system allows this process. */
  readonly totalMemoryBytes: number;
  /** Milliseconds, never going back. */
  readonly now: () => number;
};

/** What is in memory; `model` is set as soon as it must be disposed of, `conversation` when it can be talked to. */
type Loaded = {
  runtime: LlamaRuntime | null;
  model: LlamaModel | null;
  conversation: OpenConversation | null;
  /** Opens another conversation with the same model. */
  reopen: (() => Promise<OpenConversation>) | null;
};

/** Progress comes far more often than anybody can see: pass on whole percents only. */
function inPercents(
  step: LoadingStatus['step'],
  onStatus: (status: LoadingStatus) => void,
): (fraction: number) => void {
  let last = -1;
  return (fraction) => {
    const percent = Math.floor(fraction * 100);
    if (percent === last) return;
    last = percent;
    onStatus({ state: 'loading', step, fraction: percent / 100 });
  };
}

async function dropModel(loaded: Loaded): Promise<void> {
  const { model } = loaded;
  loaded.model = null;
  loaded.conversation = null;
  loaded.reopen = null;
  await model?.dispose();
}

async function loadVerified(
  deps: EngineDeps,
  loaded: Loaded,
  file: VerifiedModelFile,
  [specification, { threads: knownThreads = null }, onStatus, signal]: Parameters<Engine['load']>,
): Promise<Result<Omit<LoadedFacts, 'verifyMs' | 'identity'>>> {
  const { cpu, now } = deps;
  const startedAt = now();
  const runtime = (loaded.runtime ??= await startLlamaRuntime(await deps.importNodeLlamaCpp(), cpu));
  const { llama, engineVersion } = runtime;
  const llamaCppRelease = llama.llamaCppRelease.release;
  if (!(await file.isUnchanged())) return err(modelChangedWhileLoading);
  // The header of an approved file does not change: it is read once on a machine.
  const memoryBytes =
    knownThreads?.memoryBytes ??
    ((await file.hasSoundHeader()) ? await memoryNeed({ ...runtime, ...specification }) : null);
  if (memoryBytes === null) return err(modelNotGguf);
  if (memoryBytes + memoryForTheRest > deps.totalMemoryBytes)
    return err(modelNeedsMoreMemory(memoryBytes, deps.totalMemoryBytes));
  const onLoadProgress = inPercents('loading', onStatus);
  const model = await llama.loadModel({
    modelPath: specification.path,
    gpuLayers: 0,
    onLoadProgress,
    loadSignal: signal,
  });
  loaded.model = model;
  if (!(await file.isUnchanged())) return err(modelChangedWhileLoading);

  const canPropose = acceptsSeveralProposals(runtime.nodeLlamaCpp) && canLookUp(model);
  const measureStartedAt = now();
  const threads = await chooseThreads({
    model,
    knownThreads,
    usable: runtime.usableThreads,
    cpu,
    modelSha256: specification.sha256,
    canPropose,
    engineVersion: `${engineVersion} ${llamaCppRelease}`,
    now,
    onProgress: inPercents('measuring', onStatus),
    signal,
  });
  const measureMs = now() - measureStartedAt;

  const contextTokens = Math.min(specification.contextTokens, model.trainContextSize);
  const { proposalCost } = threads;
  loaded.reopen = () =>
    openConversation({
      runtime,
      model,
      contextTokens,
      threads: threads.threads,
      lookup: canPropose && isWorthProposing(proposalCost) ? createLookup(proposalCost) : null,
      now,
    });
  loaded.conversation = await loaded.reopen();
  const backend = llama.gpu === false ? 'cpu' : llama.gpu;
  return ok({
    loadMs: now() - startedAt - measureMs,
    engineVersion,
    llamaCppRelease,
    backend,
    threads: { ...threads, memoryBytes },
    contextTokens,
  });
}

async function load(
  deps: EngineDeps,
  loaded: Loaded,
  ...options: Parameters<Engine['load']>
): Promise<Result<LoadedFacts>> {
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
  const loaded: Loaded = { runtime: null, model: null, conversation: null, reopen: null };
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
    count: (requests) => loaded.conversation?.count(requests) ?? null,
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
