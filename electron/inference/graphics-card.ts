import type { GraphicsBackend, GraphicsTrial } from '../shared/graphics.ts';
import { measureSpeed } from './choose-threads.ts';
import { stepTokens } from '../shared/engine-step.ts';
import { startLlamaRuntime, type LlamaRuntime } from './llama-runtime.ts';
import { measureBatchCosts } from './measure-batch-costs.ts';
import type { CpuFacts } from './cpu-facts.ts';
import type { LlamaModel, NodeLlamaCpp } from './node-llama-cpp.ts';

/** A model that lies in the memory of a graphics card, and may answer. */
export type OnGraphics = { readonly runtime: LlamaRuntime; readonly model: LlamaModel };

/** `trial` null: this is not the card that was good in the trial before, or has not the room that it had. */
type Outcome = { readonly trial: GraphicsTrial | null; readonly opened: OnGraphics | null };

/** The best first. Where the package of one is not installed, node-llama-cpp says so at once. */
export function backendsOf(platform: NodeJS.Platform): readonly GraphicsBackend[] {
  return platform === 'darwin' ? ['metal'] : ['cuda', 'vulkan'];
}

/** With which a model computes on the main processor: llama.cpp comes for Apple's processors with Metal alone, which then has no layer of the model. */
export function processorBackend(platform: NodeJS.Platform, arch: string): 'metal' | false {
  return platform === 'darwin' && arch === 'arm64' ? 'metal' : false;
}

/**
 * Intel's integrated graphics: their Vulkan drivers crash or compute wrongly too often (llama.cpp#17389, #27849), and share
 * the memory that the main processor computes from. Their cards (Arc A and B) are cards like others.
 */
export function isIntelIntegrated(device: string): boolean {
  return /intel/i.test(device) && !/\barc\b.{0,12}\s[ab]\d/i.test(device);
}

/** To be worth what can go wrong with it. */
const worthwhile = 1.1;

const untried = {
  backend: null,
  device: null,
  tokensPerSecond: null,
  batchCosts: null,
  layers: null,
} as const;

/**
 * Loads the model onto the graphics card and compares it with the same model on the main processor: what it computes first,
 * then how fast. This process may die of it; what was about to be tried is remembered elsewhere.
 * @param deps.onProcessor null for a card that was good in a trial before: it is taken as it is
 */
export async function openOnGraphics(deps: {
  readonly nodeLlamaCpp: NodeLlamaCpp;
  readonly cpu: CpuFacts;
  readonly platform: NodeJS.Platform;
  readonly modelPath: string;
  readonly threads: number;
  /** Of the conversation that has to fit beside the model. */
  readonly contextTokens: number;
  /** The trial that says so; null: this is one. */
  readonly good: GraphicsTrial | null;
  readonly onProcessor: { readonly model: LlamaModel; readonly tokensPerSecond: number } | null;
  readonly canPropose: (model: LlamaModel) => boolean;
  readonly now: () => number;
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
}): Promise<Outcome> {
  for (const backend of backendsOf(deps.platform)) {
    const runtime = await startLlamaRuntime(deps.nodeLlamaCpp, deps.cpu, backend).catch(() => null);
    if (runtime === null) continue;
    let outcome: Outcome | null = null;
    try {
      outcome = await tryRuntime(runtime, backend, deps);
    } catch {
      deps.signal.throwIfAborted();
      outcome = { trial: { ...untried, result: 'failed', backend }, opened: null };
    } finally {
      if ((outcome?.opened ?? null) === null) await runtime.llama.dispose().catch(() => undefined);
    }
    if (outcome !== null) return outcome;
  }
  return { trial: { ...untried, result: 'none' }, opened: null };
}

/** @returns null where nothing is there that this backend can use */
async function tryRuntime(
  runtime: LlamaRuntime,
  backend: GraphicsBackend,
  deps: Parameters<typeof openOnGraphics>[0],
): Promise<Outcome | null> {
  const { llama } = runtime;
  const devices = llama.supportsGpuOffloading ? await llama.getGpuDeviceNames() : [];
  const device = devices.join(', ').slice(0, 200);
  if (llama.gpu !== backend || devices.length === 0) return null;
  if (devices.every((name) => isIntelIntegrated(name)))
    return { trial: { ...untried, result: 'integrated', backend, device }, opened: null };
  const { good } = deps;
  if (good !== null && (good.backend !== backend || good.device !== device))
    return { trial: null, opened: null };
  return loadOnto(runtime, { ...untried, backend, device }, deps);
}

async function loadOnto(
  runtime: LlamaRuntime,
  found: Omit<GraphicsTrial, 'result'>,
  deps: Parameters<typeof openOnGraphics>[0],
): Promise<Outcome> {
  const { threads, onProcessor, now, signal } = deps;
  const refuse = (result: GraphicsTrial['result'], measured: Partial<GraphicsTrial> = {}): Outcome => ({
    trial: { ...found, ...measured, result },
    opened: null,
  });
  let model: LlamaModel | null;
  try {
    model = await loadWhatFits(runtime, deps);
  } catch {
    signal.throwIfAborted();
    return refuse('failed');
  }
  if (model === null) return refuse('too-small');
  const layers = { onCard: model.gpuLayers, all: model.fileInsights.totalLayers };
  try {
    if (onProcessor === null) {
      // So few were not what was good: they have to show what they can.
      if (layers.onCard < (deps.good?.layers?.onCard ?? layers.all)) {
        await model.dispose();
        return { trial: null, opened: null };
      }
      const trial = { ...found, ...numbersOf(deps.good), layers, result: 'used' } as const;
      return { trial, opened: { runtime, model } };
    }
    const [expected, computed] = [
      await probabilitiesOf(onProcessor.model, threads),
      await probabilitiesOf(model, threads),
    ];
    if (!agree(expected, computed)) {
      await model.dispose();
      return refuse('wrong');
    }
    const tokensPerSecond = await measureSpeed({ model, threads, now, signal, onProgress: deps.onProgress });
    if (tokensPerSecond < onProcessor.tokensPerSecond * worthwhile) {
      await model.dispose();
      return refuse('slower', { tokensPerSecond, layers });
    }
    const batchCosts = deps.canPropose(model)
      ? await measureBatchCosts({ model, threads, now, signal })
      : null;
    const trial = { ...found, tokensPerSecond, batchCosts, layers, result: 'used' } as const;
    return { trial, opened: { runtime, model } };
  } catch {
    await model.dispose().catch(() => undefined);
    signal.throwIfAborted();
    return refuse('failed');
  }
}

/**
 * All of the model on the card, else as many of its layers as leave room for a whole conversation; the main processor computes the
 * others. The library leaves a margin where it chooses the number, so that all of them are tried first.
 * @returns null where not one fits
 */
async function loadWhatFits(
  { llama }: LlamaRuntime,
  deps: Parameters<typeof openOnGraphics>[0],
): Promise<LlamaModel | null> {
  const { contextTokens: contextSize, nodeLlamaCpp } = deps;
  for (const gpuLayers of ['max', { fitContext: { contextSize } }] as const) {
    let model: LlamaModel | null = null;
    try {
      model = await llama.loadModel({
        modelPath: deps.modelPath,
        gpuLayers,
        onLoadProgress: deps.onProgress,
        loadSignal: deps.signal,
      });
      if (model.gpuLayers > 0) {
        await holdConversation(model, deps);
        return model;
      }
    } catch (cause) {
      if (!(cause instanceof nodeLlamaCpp.InsufficientMemoryError)) {
        await model?.dispose();
        throw cause;
      }
    }
    await model?.dispose();
  }
  return null;
}

/**
 * The weights alone are not enough: a whole conversation has to lie beside them.
 * @throws InsufficientMemoryError
 */
async function holdConversation(
  model: LlamaModel,
  deps: Parameters<typeof openOnGraphics>[0],
): Promise<void> {
  const { threads, contextTokens } = deps;
  const context = await model.createContext({
    contextSize: Math.min(contextTokens, model.trainContextSize),
    sequences: 1,
    batchSize: stepTokens,
    threads: { ideal: threads, min: threads },
  });
  await context.dispose();
}

/** Says nothing about anybody. */
const neutralText = 'The sky is blue and the grass is green. The sea is wide, and the hills are far away.';

/** How likely the model takes each next word of a plain sentence to be. */
export async function probabilitiesOf(model: LlamaModel, threads: number): Promise<readonly number[]> {
  const context = await model.createContext({
    contextSize: Math.min(256, model.trainContextSize),
    batchSize: 64,
    threads: { ideal: threads, min: threads },
  });
  try {
    const tokens = model.tokenize(neutralText);
    const results = await context
      .getSequence()
      .controlledEvaluate(
        tokens.map((token) => [
          token,
          { generateNext: { probabilities: true, options: { temperature: 1, topK: 0, topP: 1, minP: 0 } } },
        ]),
      );
    return tokens.slice(1).map((token, index) => results[index]?.next.probabilities?.get(token) ?? 0);
  } finally {
    await context.dispose();
  }
}

/** Two processors round differently; a driver that computes wrongly is far off, or gives no numbers at all. */
export function agree(expected: readonly number[], computed: readonly number[]): boolean {
  if (expected.length === 0 || expected.length !== computed.length) return false;
  const differences = expected.map((probability, index) =>
    Math.abs(probability - (computed[index] ?? Number.NaN)),
  );
  const mean = differences.reduce((total, difference) => total + difference, 0) / differences.length;
  return differences.every((difference) => difference <= 0.25) && mean <= 0.03;
}

const numbersOf = (good: GraphicsTrial | null) => ({
  tokensPerSecond: good?.tokensPerSecond ?? null,
  batchCosts: good?.batchCosts ?? null,
});
