import type { GraphicsBackend } from '../shared/graphics.ts';
import { usableThreads, type CpuFacts } from './cpu-facts.ts';
import type { Llama, LlamaModel, NodeLlamaCpp } from './node-llama-cpp.ts';
import { createConversation, neverShift, type Conversation } from './conversation.ts';
import type { Lookup } from './lookup.ts';
import { renderRequest, type RequestTexts } from './request-tokens.ts';
import { stepTokens } from '../shared/engine-step.ts';
import { createStructureGrammars } from './structure-grammars.ts';

/** llama.cpp, started for this machine. */
export type LlamaRuntime = {
  readonly nodeLlamaCpp: NodeLlamaCpp;
  readonly llama: Llama;
  /** Version of node-llama-cpp. */
  readonly engineVersion: string;
  /** Most threads that can run at once. */
  readonly usableThreads: number;
};

/** @param gpu what computes beside the main processor; `graphics-card.ts` says when */
export async function startLlamaRuntime(
  nodeLlamaCpp: NodeLlamaCpp,
  cpu: CpuFacts,
  gpu: GraphicsBackend | false,
): Promise<LlamaRuntime> {
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
  llama.maxThreads = usableThreads(cpu, llama.cpuMathCores);
  return {
    nodeLlamaCpp,
    llama,
    engineVersion: await nodeLlamaCpp.getModuleVersion(),
    usableThreads: llama.maxThreads,
  };
}

export type OpenConversation = Conversation & {
  /** Gives back the memory that holds what was read. */
  close(): Promise<void>;
};

/** A context of exactly `contextTokens` with one sequence. It goes with `close`, or when the model is disposed of. */
export async function openConversation(options: {
  readonly runtime: LlamaRuntime;
  readonly model: LlamaModel;
  readonly contextTokens: number;
  readonly threads: number;
  /** For this conversation alone; null: nothing is proposed to this model. */
  readonly lookup: Lookup | null;
  readonly deltaIntervalMs: number;
  readonly now: () => number;
}): Promise<OpenConversation> {
  const { runtime, model, contextTokens, threads, ...rest } = options;
  const context = await model.createContext({
    contextSize: contextTokens,
    sequences: 1,
    batchSize: stepTokens,
    threads: { ideal: threads, min: threads },
  });
  const { LlamaChat } = runtime.nodeLlamaCpp;
  const chat = new LlamaChat({
    contextSequence: context.getSequence({
      contextShift: neverShift,
      ...(rest.lookup === null ? {} : { tokenPredictor: rest.lookup.predictor }),
    }),
    chatWrapper: wrapperOf(runtime, model),
  });
  return {
    ...createConversation({ chat, grammarFor: createStructureGrammars(runtime.llama), ...rest }),
    close: () => context.dispose(),
  };
}

/** Tokens of each request, also while no conversation is open. */
export function countTokens(
  runtime: LlamaRuntime,
  model: LlamaModel,
  requests: readonly RequestTexts[],
): number[] {
  const chat = { chatWrapper: wrapperOf(runtime, model), model };
  return requests.map((texts) => renderRequest(chat, texts).length);
}

/**
 * No template may add what the record does not hold: a wish to think aloud, whose words nobody would see, or the day, with which
 * a replay would ask something else.
 */
export const wrapperSettings = {
  gemma4: { reasoning: false },
  harmony: { reasoningEffort: 'low', todayDate: null },
  'llama3.1': { todayDate: null },
  'llama3.2-lightweight': { todayDate: null },
  muse: { reasoningStrength: 'low', todayDate: null },
  seed: { thinkingBudget: 0 },
} as const;

const wrappers = new WeakMap<LlamaModel, ReturnType<NodeLlamaCpp['resolveChatWrapper']>>();

/** Of the model's own template. Finding it out takes a third of a second, which each conversation with the model would wait for. */
function wrapperOf({ nodeLlamaCpp }: LlamaRuntime, model: LlamaModel) {
  const known =
    wrappers.get(model) ??
    nodeLlamaCpp.resolveChatWrapper(model, { warningLogs: false, customWrapperSettings: wrapperSettings });
  wrappers.set(model, known);
  return known;
}
