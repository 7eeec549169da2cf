import type { GenerationReport, ToInference } from '../links/model-port.ts';
import type { AppError } from '../shared/app-error.ts';
import { createDeltaBatcher } from './delta-batcher.ts';
import { modelStopped } from './model-errors.ts';
import type { ChatHistoryItem, LlamaChat, Token } from './node-llama-cpp.ts';
import { createPromptReader } from './prompt-reader.ts';

export type GenerateRequest = Extract<ToInference, { kind: 'generate' }>;

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
};

const deltaIntervalMs = 50;
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

function historyOf(request: GenerateRequest): ChatHistoryItem[] {
  return [
    { type: 'system', text: request.system },
    { type: 'user', text: request.user },
    { type: 'model', response: [] },
  ];
}

function startsWith(tokens: readonly Token[], start: readonly Token[]): boolean {
  return start.every((token, index) => tokens[index] === token);
}

type Progress = { readTokens: number; readAt: number; firstTextAt: number | null };

/** One model context with one sequence. Not for two generations at a time: the caller sees to that. */
export function createConversation(deps: {
  readonly chat: LlamaChat;
  readonly now: () => number;
}): Conversation {
  const { chat, now } = deps;
  const { sequence } = chat;
  const contextTokens = sequence.contextSize;
  const reader = createPromptReader(sequence);

  /** Exactly the tokens that the engine will evaluate; user text never becomes a special token. */
  const render = (history: readonly ChatHistoryItem[]): Token[] =>
    chat.chatWrapper
      .generateContextState({ chatHistory: history })
      .contextText.tokenize(chat.model.tokenizer);

  const answer = async (
    request: GenerateRequest,
    roomTokens: number,
    onText: (text: string) => void,
    signal: AbortSignal,
  ) => {
    const { sampler } = request;
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
    progress.readTokens = await reader.read(tokens, events.onReading, signal);
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
      if (sequence.nextTokenIndex >= tokens.length) progress.readTokens = tokens.length;
    }
  };

  const generate: Conversation['generate'] = async (request, events, signal) => {
    const startedAt = now();
    const tokens = render(historyOf(request));
    const promptTokens = tokens.length;
    const reservedAnswerTokens = Math.max(smallestAnswerTokens, request.reservedAnswerTokens);
    const overByTokens = promptTokens + reservedAnswerTokens - contextTokens;
    if (overByTokens > 0)
      return { kind: 'refused', promptTokens, contextTokens, reservedAnswerTokens, overByTokens };

    const sampledBefore = sequence.tokenMeter.usedOutputTokens;
    const progress: Progress = { readTokens: 0, readAt: startedAt, firstTextAt: null };
    try {
      const { reason, endMarks } = await readAndAnswer(request, tokens, progress, events, signal);
      if (reason !== 'stopped' && !startsWith(sequence.contextTokens, tokens)) {
        throw new Error('The engine evaluated another prompt than the one that was counted');
      }
      const report: GenerationReport = {
        promptTokens,
        evaluatedPromptTokens: progress.readTokens,
        answerTokens: Math.max(0, sequence.tokenMeter.usedOutputTokens - sampledBefore - endMarks),
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

  return { generate };
}
