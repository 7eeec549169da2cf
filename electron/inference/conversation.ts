import type { FromInference, GenerationReport, ToInference } from '../links/model-port.ts';
import type { AppError } from '../shared/app-error.ts';
import { createDeltaBatcher } from './delta-batcher.ts';
import { isGreedy, sampledTokens, type Lookup } from './lookup.ts';
import { modelStopped } from './model-errors.ts';
import type { LlamaChat, LlamaGrammar, Token } from './node-llama-cpp.ts';
import { createPromptReader, type Read } from './prompt-reader.ts';
import { commonLength } from './reading-plan.ts';
import { historyOf, planBeginning, planRequest, renderRequest } from './request-tokens.ts';

export type GenerateRequest = Extract<ToInference, { kind: 'generate' }>;
export type EvaluateRequest = Extract<ToInference, { kind: 'evaluate' }>;
export type EvaluationEnd = Omit<Extract<FromInference, { kind: 'evaluated' }>, 'kind' | 'evaluationId'>;

export type GenerationEvents = {
  /** Share of the prompt that was read, 0 to 1. */
  readonly onReading: (fraction: number) => void;
  /** A further piece of the answer: whole characters, no special tokens. */
  readonly onDelta: (text: string) => void;
};

export type GenerationOutcome =
  | {
      readonly kind: 'ended';
      readonly reason: 'end-of-answer' | 'answer-limit' | 'stopped';
      readonly report: GenerationReport;
    }
  | {
      readonly kind: 'refused';
      readonly promptTokens: number;
      readonly contextTokens: number;
      readonly reservedAnswerTokens: number;
      readonly overByTokens: number;
    }
  | { readonly kind: 'failed'; readonly error: AppError };

export type Conversation = {
  generate(
    request: GenerateRequest,
    events: GenerationEvents,
    signal: AbortSignal,
  ): Promise<GenerationOutcome>;
  /** Reads the beginning of requests to come. An abort ends it as `interrupted`, and what was read stays. */
  evaluate(
    request: EvaluateRequest,
    onFraction: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<EvaluationEnd>;
  /** Nothing of what was read stays in the model's memory. */
  forget(): Promise<void>;
};

/**
 * How often an answer is passed on, in ms. Each time the record is written and the page drawn. Where the engine has every core, that
 * is done with its time, and it waits for its slowest thread: with two cores, ten times a second it wrote a tenth slower than four
 * times, and four times 2 % slower than twice.
 */
export const deltaIntervals = { withCoreToSpare: 100, withoutCoreToSpare: 500 } as const;
/** The engine wants one place free beside the answer's first token. */
const smallestAnswerTokens = 2;

/**
 * Making room by dropping old text is never right here: a draft must not rest on half a source. The size callback is
 * the only place where a throw is honoured: node-llama-cpp 3.22 catches a throwing `strategy` and drops text after all.
 */
export const neverShift = {
  size: (): never => {
    throw new Error('The context is full; nothing is dropped to make room');
  },
};

/**
 * A model that begins to think aloud is made to end that at once: its thoughts are no part of the answer, so they would be written
 * unseen and unrecorded, and take the room of the answer.
 */
const noThoughts = { thoughtTokens: 0, commentTokens: 0 };

type Progress = { read: Read; readAt: number; firstTextAt: number | null };

/** One model context with one sequence. Not for two generations at a time: the caller sees to that. */
export function createConversation(deps: {
  readonly chat: LlamaChat;
  /** Made once for each form. */
  readonly grammarFor: (structure: NonNullable<GenerateRequest['structure']>) => Promise<LlamaGrammar>;
  /** Null: with this model, or on this machine, nothing is proposed. */
  readonly lookup: Lookup | null;
  readonly deltaIntervalMs: number;
  readonly now: () => number;
}): Conversation {
  const { chat, deltaIntervalMs, now } = deps;
  const { sequence } = chat;
  const contextTokens = sequence.contextSize;
  const reader = createPromptReader(sequence);

  const answer = async (
    request: GenerateRequest,
    roomTokens: number,
    onText: (text: string) => void,
    signal: AbortSignal,
  ) => {
    const { sampler, structure } = request;
    deps.lookup?.switchOn(isGreedy(sampler));
    const { metadata } = await chat.generateResponse(historyOf(request), {
      onTextChunk: onText,
      signal,
      stopOnAbortSignal: true,
      maxTokens: Math.min(request.maxAnswerTokens, roomTokens),
      temperature: sampler.temperature,
      topP: sampler.topP,
      topK: sampler.topK,
      minP: sampler.minP,
      seed: sampler.seed,
      repeatPenalty: sampler.repeatPenalty === 1 ? false : { penalty: sampler.repeatPenalty },
      contextShift: neverShift,
      budgets: noThoughts,
      ...(structure === null ? {} : { grammar: await deps.grammarFor(structure) }),
    });
    if (metadata.stopReason === 'abort') return { reason: 'stopped', endMarks: 0 } as const;
    if (metadata.stopReason === 'maxTokens') return { reason: 'answer-limit', endMarks: 0 } as const;
    return { reason: 'end-of-answer', endMarks: 1 } as const;
  };

  const readAndAnswer = async (
    request: GenerateRequest,
    tokens: readonly Token[],
    progress: Progress,
    events: GenerationEvents,
    signal: AbortSignal,
  ) => {
    const plan = planRequest(chat, request, tokens, request.sharedCharacters);
    progress.read = await reader.read(plan, events.onReading, signal);
    progress.readAt = now();
    if (signal.aborted) return { reason: 'stopped', endMarks: 0 } as const;
    const batcher = createDeltaBatcher({ emit: events.onDelta, intervalMs: deltaIntervalMs });
    const onText = (text: string): void => {
      if (text === '') return;
      progress.firstTextAt ??= now();
      batcher.push(text);
    };
    try {
      return await answer(request, contextTokens - tokens.length, onText, signal);
    } catch (error) {
      // Stopped before the first piece of text.
      if (signal.aborted) return { reason: 'stopped', endMarks: 0 } as const;
      throw error;
    } finally {
      batcher.flush();
      reader.answered(tokens.length);
      if (sequence.nextTokenIndex >= tokens.length)
        progress.read = { ...progress.read, readTokens: tokens.length };
    }
  };

  const generate: Conversation['generate'] = async (request, events, signal) => {
    const startedAt = now();
    const tokens = renderRequest(chat, request);
    const promptTokens = tokens.length;
    const reservedAnswerTokens = Math.max(smallestAnswerTokens, request.reservedAnswerTokens);
    const overByTokens = promptTokens + reservedAnswerTokens - contextTokens;
    if (overByTokens > 0)
      return { kind: 'refused', promptTokens, contextTokens, reservedAnswerTokens, overByTokens };

    const sampledBefore = sampledTokens(sequence);
    const progress: Progress = {
      read: { readTokens: 0, reusedTokens: 0 },
      readAt: startedAt,
      firstTextAt: null,
    };
    try {
      const { reason, endMarks } = await readAndAnswer(request, tokens, progress, events, signal);
      if (reason !== 'stopped' && commonLength(sequence.contextTokens, tokens) < tokens.length) {
        throw new Error('The engine evaluated another prompt than the one that was counted');
      }
      const report: GenerationReport = {
        promptTokens,
        evaluatedPromptTokens: progress.read.readTokens,
        reusedPromptTokens: progress.read.reusedTokens,
        answerTokens: Math.max(0, sampledTokens(sequence) - sampledBefore - endMarks),
        contextTokens,
        timeToFirstTokenMs: progress.firstTextAt === null ? null : progress.firstTextAt - startedAt,
        generationMs: now() - progress.readAt,
      };
      return { kind: 'ended', reason, report };
    } catch {
      // What the engine says about a fault can quote the prompt: it stays here.
      await reader.forget().catch(() => undefined);
      return { kind: 'failed', error: modelStopped };
    }
  };

  const evaluate: Conversation['evaluate'] = async (request, onFraction, signal) => {
    const startedAt = now();
    const plan = planBeginning(chat, { system: request.system, text: request.user });
    const promptTokens = plan.tokens.length;
    const end = (reason: EvaluationEnd['reason'], evaluatedTokens: number): EvaluationEnd => ({
      reason,
      promptTokens,
      evaluatedTokens,
      elapsedMs: now() - startedAt,
    });
    if (promptTokens + request.reservedAnswerTokens > contextTokens) return end('does-not-fit', 0);
    try {
      const { readTokens } = await reader.read(plan, onFraction, signal);
      return end(readTokens === promptTokens ? 'complete' : 'interrupted', readTokens);
    } catch {
      await reader.forget().catch(() => undefined);
      return end('error', 0);
    }
  };

  return {
    generate,
    evaluate,
    forget: () => reader.forget(),
  };
}
