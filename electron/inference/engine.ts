import type { GraphicsTrial, GraphicsWish } from '../shared/graphics.ts';
import type { HashedFile } from '../links/hashed-file.ts';
import type { ModelSpecification, ThreadChoice } from '../links/model-port.ts';
import type { ModelStatus } from '../shared/contract.ts';
import { err, ok, type Result } from '../shared/result.ts';
import { chooseThreads, stillTrue } from './choose-threads.ts';
import type {
  EvaluateRequest,
  EvaluationEnd,
  GenerateRequest,
  GenerationEvents,
  GenerationOutcome,
} from './conversation.ts';
import type { CpuFacts } from './cpu-facts.ts';
import { openOnGraphics } from './graphics-card.ts';
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
  /** Null: the graphics were left alone. */
  readonly graphics: GraphicsTrial | null;
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
    known: {
      readonly threads?: ThreadChoice | null;
      readonly hashed?: HashedFile | null;
      readonly graphics?: { readonly wish: GraphicsWish; readonly trial: GraphicsTrial | null };
    },
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
  readonly platform: NodeJS.Platform;
  /** Of this machine, or what the system allows this process. */
  readonly totalMemoryBytes: number;
  /** Milliseconds, never going back. */
  readonly now: () => number;
};

/** What is in memory; `model` is set as soon as it must be disposed of, `conversation` when it can be talked to. */
type Loaded = {
  runtime: LlamaRuntime | null;
  /** Where the model lies on a graphics card. */
  graphics: LlamaRuntime | null;
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
  const { model, graphics } = loaded;
  loaded.model = null;
  loaded.graphics = null;
  loaded.conversation = null;
  loaded.reopen = null;
  await model?.dispose();
  await graphics?.llama.dispose();
}

/** Where the model lies, and how it computes there. */
type Placed = {
  readonly runtime: LlamaRuntime;
  readonly model: LlamaModel;
  readonly threads: ThreadChoice;
  readonly graphics: GraphicsTrial | null;
  /** What was measured to get there. */
  readonly measureMs: number;
};

async function placeModel(
  deps: EngineDeps,
  loaded: Loaded,
  runtime: LlamaRuntime,
  [specification, known, onStatus, signal]: Parameters<Engine['load']>,
): Promise<Placed> {
  const { cpu, now } = deps;
  const { nodeLlamaCpp, llama, engineVersion } = runtime;
  const { wish = 'off', trial: knownTrial = null } = known.graphics ?? {};
  const version = `${engineVersion} ${llama.llamaCppRelease.release}`;
  const canPropose = (model: LlamaModel): boolean =>
    acceptsSeveralProposals(nodeLlamaCpp) && canLookUp(model);
  const onProgress = inPercents('measuring', onStatus);
  const card = {
    nodeLlamaCpp,
    cpu,
    platform: deps.platform,
    modelPath: specification.path,
    canPropose,
    now,
    onProgress,
    signal,
  };
  const take = ({ opened, trial }: Awaited<ReturnType<typeof openOnGraphics>>, threads: ThreadChoice) => {
    if (opened === null) return null;
    [loaded.graphics, loaded.model] = [opened.runtime, opened.model];
    return { ...opened, threads, graphics: trial, measureMs: 0 };
  };

  let graphics: GraphicsTrial | null = null;
  const here = {
    cpu,
    modelSha256: specification.sha256,
    engineVersion: version,
    usable: runtime.usableThreads,
  };
  const measured = stillTrue(known.threads ?? null, here);
  if (wish === 'use' && measured !== null) {
    const found = await openOnGraphics({
      ...card,
      threads: measured.threads,
      good: knownTrial,
      onProcessor: null,
    });
    const placed = take(found, measured);
    if (placed !== null) return placed;
    graphics = found.trial;
  }
  const model = await llama.loadModel({
    modelPath: specification.path,
    gpuLayers: 0,
    onLoadProgress: inPercents('loading', onStatus),
    loadSignal: signal,
  });
  loaded.model = model;
  const measuringSince = now();
  const threads = await chooseThreads({
    ...here,
    model,
    knownThreads: known.threads ?? null,
    canPropose: canPropose(model),
    now,
    onProgress,
    signal,
  });
  const measureMs = now() - measuringSince;
  if (wish === 'off' || graphics !== null) return { runtime, model, threads, graphics, measureMs };
  const onProcessor = { model, tokensPerSecond: threads.tokensPerSecond };
  const found = await openOnGraphics({ ...card, threads: threads.threads, good: null, onProcessor });
  const placed = take(found, threads);
  const tried = { measureMs: now() - measuringSince };
  if (placed === null) return { runtime, model, threads, graphics: found.trial, ...tried };
  await model.dispose();
  return { ...placed, ...tried };
}

async function loadVerified(
  deps: EngineDeps,
  loaded: Loaded,
  file: VerifiedModelFile,
  options: Parameters<Engine['load']>,
): Promise<Result<Omit<LoadedFacts, 'verifyMs' | 'identity'>>> {
  const { cpu, now } = deps;
  const [specification, known] = options;
  const runtime = (loaded.runtime ??= await startLlamaRuntime(await deps.importNodeLlamaCpp(), cpu, false));
  if (!(await file.isUnchanged())) return err(modelChangedWhileLoading);
  // The header of an approved file does not change: it is read once on a machine.
  const memoryBytes =
    known.threads?.memoryBytes ??
    ((await file.hasSoundHeader()) ? await memoryNeed({ ...runtime, ...specification }) : null);
  if (memoryBytes === null) return err(modelNotGguf);
  if (memoryBytes + memoryForTheRest > deps.totalMemoryBytes)
    return err(modelNeedsMoreMemory(memoryBytes, deps.totalMemoryBytes));
  const startedAt = now();
  const placed = await placeModel(deps, loaded, runtime, options);
  if (!(await file.isUnchanged())) return err(modelChangedWhileLoading);

  const { model, threads, graphics } = placed;
  const contextTokens = Math.min(specification.contextTokens, model.trainContextSize);
  const isOnCard = graphics?.result === 'used';
  const proposalCost = isOnCard ? (graphics.proposalCost ?? undefined) : threads.proposalCost;
  loaded.reopen = () =>
    openConversation({
      runtime: placed.runtime,
      model,
      contextTokens,
      threads: threads.threads,
      lookup: isWorthProposing(proposalCost) ? createLookup(proposalCost) : null,
      now,
    });
  loaded.conversation = await loaded.reopen();
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
  const loaded: Loaded = { runtime: null, graphics: null, model: null, conversation: null, reopen: null };
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
