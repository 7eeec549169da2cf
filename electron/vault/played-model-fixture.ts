import type { ToInference } from '../links/model-port.ts';
import type { Port } from '../links/port.ts';
import type { Vault } from './vault-parts.ts';

/** For tests: the scripted model on the model port. */
export type PlayedModel = { readonly heard: ToInference[]; say(message: unknown): void; die(): void };

export function playModel(owner: Vault): PlayedModel {
  const heard: ToInference[] = [];
  let say: (message: unknown) => void = () => undefined;
  let die: () => void = () => undefined;
  const port: Port = {
    postMessage: (message) => {
      const asked = structuredClone(message) as ToInference;
      heard.push(asked);
      if (asked.kind === 'count')
        say({ kind: 'counted', countId: asked.countId, tokens: asked.requests.map(tokensOf) });
    },
    onMessage: (listener) => {
      say = listener;
    },
    onClose: (listener) => {
      die = listener;
    },
    close: () => undefined,
  };
  owner.attachModelPort(port);
  say({
    kind: 'loaded',
    loadMs: 10,
    verifyMs: 5,
    engineVersion: '3.22.1',
    llamaCppRelease: 'b1',
    backend: 'cpu',
    threads: {
      key: 'k',
      threads: 2,
      tokensPerSecond: 12.5,
      candidates: [{ threads: 2, tokensPerSecond: 12.5 }],
    },
    identity: '1:2:3:4:5',
    graphics: null,
  });
  say({
    kind: 'status',
    status: {
      state: 'ready',
      name: 'Scripted model',
      sha256: 'ab'.repeat(32),
      contextTokens: 2048,
      threads: 2,
      tokensPerSecond: 12.5,
    },
  });
  return {
    heard,
    say: (message) => {
      say(message);
    },
    die: () => {
      die();
    },
  };
}

/** The scripted model counts four characters to a token. */
function tokensOf({
  system,
  earlier,
  user,
}: Extract<ToInference, { kind: 'count' }>['requests'][number]): number {
  const texts = [system, user, ...earlier.flatMap((exchange) => [exchange.user, exchange.model])];
  return Math.ceil(texts.join('').length / 4);
}

export const report = {
  promptTokens: 100,
  evaluatedPromptTokens: 100,
  reusedPromptTokens: 0,
  answerTokens: 4,
  contextTokens: 2048,
  timeToFirstTokenMs: 50,
  generationMs: 200,
};
