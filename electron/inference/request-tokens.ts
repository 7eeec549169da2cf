import type { Exchange } from '../links/model-port.ts';
import type { ChatHistoryItem, LlamaChat, Token } from './node-llama-cpp.ts';
import { commonLength, planSteps, readBefore, type ReadingPlan } from './reading-plan.ts';
import { stepTokens } from '../shared/engine-step.ts';

/** What the model is given, before its chat template. */
export type RequestTexts = {
  readonly system: string;
  readonly earlier: readonly Exchange[];
  readonly user: string;
};

export function historyOf({ system, earlier, user }: RequestTexts): ChatHistoryItem[] {
  return [
    { type: 'system', text: system },
    ...earlier.flatMap((exchange): ChatHistoryItem[] => [
      { type: 'user', text: exchange.user },
      { type: 'model', response: [exchange.model] },
    ]),
    { type: 'user', text: user },
    { type: 'model', response: [] },
  ];
}

/** Exactly the tokens that the engine will evaluate; user text never becomes a special token. */
export function renderRequest(chat: Pick<LlamaChat, 'chatWrapper' | 'model'>, texts: RequestTexts): Token[] {
  return chat.chatWrapper
    .generateContextState({ chatHistory: historyOf(texts) })
    .contextText.tokenize(chat.model.tokenizer);
}

/**
 * The steps of a whole request, all but its last tokens. A step ends where the shared beginning does, and where each earlier
 * request did.
 */
export function planRequest(
  chat: Pick<LlamaChat, 'chatWrapper' | 'model'>,
  texts: RequestTexts,
  tokens: readonly Token[],
  sharedCharacters: number,
): ReadingPlan {
  const { system, earlier, user } = texts;
  const first = earlier[0]?.user ?? user;
  const requests = earlier.map((exchange, index) =>
    renderRequest(chat, { system, earlier: earlier.slice(0, index), user: exchange.user }),
  );
  const shared =
    sharedCharacters === 0
      ? 0
      : sharedLength(chat, { system, text: first.slice(0, sharedCharacters) }, requests[0] ?? tokens);
  let from = shared;
  const asked = requests.flatMap((request) => {
    const length = commonLength(request, tokens);
    const before = readBefore(from, length);
    from = Math.max(from, length);
    return [before, length];
  });
  const target = readBefore(from, tokens.length);
  const cuts = [shared, ...asked, target].filter((cut) => cut > 0 && cut <= target);
  return {
    tokens,
    ends: planSteps(cuts, stepTokens),
    exactTokens: asked[1] ?? Number.POSITIVE_INFINITY,
  };
}

/** The steps of the beginning that all requests about a source share. */
export function planBeginning(
  chat: Pick<LlamaChat, 'chatWrapper' | 'model'>,
  beginning: { readonly system: string; readonly text: string },
): ReadingPlan {
  const { system, text } = beginning;
  // What follows is not known yet; every task begins with a capital letter.
  const tokens = renderRequest(chat, { system, earlier: [], user: `${text}Write` });
  const shared = sharedLength(chat, beginning, tokens);
  return {
    tokens: tokens.slice(0, shared),
    ends: planSteps([shared], stepTokens),
    exactTokens: Number.POSITIVE_INFINITY,
  };
}

/** Tokens of `request` that stay whatever follows the text. */
function sharedLength(
  chat: Pick<LlamaChat, 'chatWrapper' | 'model'>,
  { system, text }: { readonly system: string; readonly text: string },
  request: readonly Token[],
): number {
  return commonLength(renderRequest(chat, { system, earlier: [], user: text }), request);
}
