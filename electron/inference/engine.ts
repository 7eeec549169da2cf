import type { ModelSpecification, ThreadChoice } from '../links/model-port.ts';
import type { AppError } from '../shared/app-error.ts';
import type { ModelStatus } from '../shared/contract.ts';
import { err, ok, type Result } from '../shared/result.ts';
import {
  createConversation,
  neverShift,
  type Conversation,
  type GenerateRequest,
  type GenerationEvents,
  type GenerationOutcome,
} from './conversation.ts';
import { usableThreads, type CpuFacts } from './cpu-facts.ts';
import { chooseThreads } from './choose-threads.ts';
import {
  modelChangedWhileLoading,
  modelLoadFailed,
  modelNotReady,
  notEnoughMemory,
  turnInProgress,
} from './model-errors.ts';
import { verifyModelFile } from './model-file.ts';
import type { Llama, LlamaModel, NodeLlamaCpp } from './node-llama-cpp.ts';
import { stepTokens } from './prompt-reader.ts';

/**
 * Which processor computes. The processor only, for now: graphics drivers of clinic machines crash under Vulkan
 * (llama.cpp#17389, #27849), so a graphics card comes with a self-test and a remembered crash, not before.
 */
const gpu = false;

export type LoadedFacts = {
  readonly loadMs: number;
  readonly verifyMs: number;
  readonly engineVersion: string;
  readonly llamaCppRelease: string;
  readonly backend: string;
  readonly threads: ThreadChoice;
  readonly contextTokens: number;
};

type LoadingStatus = Extract<ModelStatus, { state: 'loading' }>;

export type Engine = {
  /** Verifies, loads and measures. A model that was loaded before is dropped first. Rejects only when `signal` aborts. */
  load(
    specification: ModelSpecification,
    knownThreads: ThreadChoice | null,
    onStatus: (status: LoadingStatus) => void,
    signal: AbortSignal,
  ): Promise<Result<LoadedFacts>>;
  /** One at a time: a second call while one runs answers `turn-in-progress`. Never rejects for an expected failure. */
  generate(
    request: GenerateRequest,
    events: GenerationEvents,
    signal: AbortSignal,
  ): Promise<GenerationOutcome>;
  dispose(): Promise<void>;
};

export type EngineDeps = {
  readonly importNodeLlamaCpp: () => Promise<NodeLlamaCpp>;
  readonly cpu: CpuFacts;
  /** Milliseconds, never going back. */
  readonly now: () => number;
};

type Runtime = {
  readonly nodeLlamaCpp: NodeLlamaCpp;
  readonly llama: Llama;
  readonly engineVersion: string;
  readonly threads: number;
};

async function startRuntime(deps: EngineDeps): Promise<Runtime> {
  const nodeLlamaCpp = await deps.importNodeLlamaCpp();
  const llama = await nodeLlamaCpp.getLlama({
    gpu,
    build: 'never',
    skipDownload: true,
    // Never more than can run at once, whatever a context asks for; raised below when the cores are known.
    maxThreads: 1,
    logLevel: nodeLlamaCpp.LlamaLogLevel.disabled,
    logger: () => undefined,
    progressLogs: false,
    debug: false,
  });
  const threads = usableThreads(deps.cpu, llama.cpuMathCores);
  llama.maxThreads = threads;
  return { nodeLlamaCpp, llama, threads, engineVersion: await nodeLlamaCpp.getModuleVersion() };
}

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

export function createEngine(deps: EngineDeps): Engine {
  const { now } = deps;
  let runtime: Runtime | null = null;
  let model: LlamaModel | null = null;
  let conversation: Conversation | null = null;
  let generating = false;

  const dropModel = async (): Promise<void> => {
    const dropped = model;
    model = null;
    conversation = null;
    await dropped?.dispose();
  };

  const openConversation = async (
    started: Runtime,
    loaded: LlamaModel,
    maxContextTokens: number,
    threads: number,
  ): Promise<Conversation> => {
    const context = await loaded.createContext({
      contextSize: Math.min(maxContextTokens, loaded.trainContextSize),
      sequences: 1,
      batchSize: stepTokens,
      threads: { ideal: threads, min: threads },
    });
    const { LlamaChat, resolveChatWrapper } = started.nodeLlamaCpp;
    const chat = new LlamaChat({
      contextSequence: context.getSequence({ contextShift: neverShift }),
      chatWrapper: resolveChatWrapper(loaded, { warningLogs: false }),
    });
    return createConversation({ chat, now });
  };

  const failure = (error: unknown, signal: AbortSignal): AppError => {
    signal.throwIfAborted();
    const { InsufficientMemoryError } = runtime?.nodeLlamaCpp ?? {};
    return InsufficientMemoryError !== undefined && error instanceof InsufficientMemoryError
      ? notEnoughMemory
      : modelLoadFailed;
  };

  const load: Engine['load'] = async (specification, knownThreads, onStatus, signal) => {
    await dropModel();
    const verifyStart = now();
    const verified = await verifyModelFile({
      ...specification,
      onProgress: inPercents('checking', onStatus),
      signal,
    });
    if (!verified.ok) return verified;
    const verifyMs = now() - verifyStart;
    try {
      const loadStart = now();
      runtime ??= await startRuntime(deps);
      const { llama, engineVersion } = runtime;
      if (!(await verified.value.isUnchanged())) return err(modelChangedWhileLoading);
      const onLoadProgress = inPercents('loading', onStatus);
      model = await llama.loadModel({
        modelPath: specification.path,
        gpuLayers: 0,
        onLoadProgress,
        loadSignal: signal,
      });
      if (!(await verified.value.isUnchanged())) {
        await dropModel();
        return err(modelChangedWhileLoading);
      }
      const measureStart = now();
      const threads = await chooseThreads({
        model,
        knownThreads,
        usable: runtime.threads,
        cpu: deps.cpu,
        modelSha256: specification.sha256,
        engineVersion: `${engineVersion} ${llama.llamaCppRelease.release}`,
        now,
        onProgress: inPercents('measuring', onStatus),
        signal,
      });
      const measureMs = now() - measureStart;
      conversation = await openConversation(runtime, model, specification.contextTokens, threads.threads);
      return ok({
        loadMs: now() - loadStart - measureMs,
        verifyMs,
        engineVersion,
        llamaCppRelease: llama.llamaCppRelease.release,
        backend: llama.gpu === false ? 'cpu' : llama.gpu,
        threads,
        contextTokens: Math.min(specification.contextTokens, model.trainContextSize),
      });
    } catch (error) {
      await dropModel().catch(() => undefined);
      return err(failure(error, signal));
    } finally {
      await verified.value.close();
    }
  };

  return {
    load,
    generate: async (request, events, signal) => {
      if (generating) return { kind: 'failed', error: turnInProgress };
      if (conversation === null) return { kind: 'failed', error: modelNotReady };
      generating = true;
      try {
        return await conversation.generate(request, events, signal);
      } finally {
        generating = false;
      }
    },
    dispose: async () => {
      await dropModel();
      await runtime?.llama.dispose();
      runtime = null;
    },
  };
}
