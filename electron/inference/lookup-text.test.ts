import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Conversation, GenerateRequest } from './conversation.ts';
import { request, twoCpus } from './engine-fixture.ts';
import { openConversation, startLlamaRuntime, type LlamaRuntime } from './llama-runtime.ts';
import { createLookup, type Lookup } from './lookup.ts';
import {
  importNodeLlamaCpp,
  type LlamaContextSequence,
  type LlamaModel,
  type Token,
} from './node-llama-cpp.ts';
import { makeTinyModel, type TinyModel } from './tiny-model-fixture.ts';

let tiny: TinyModel;
let runtime: LlamaRuntime;
let plain: Conversation;
let looking: Conversation;
let proposed = 0;
let predictions: LlamaContextSequence['tokenPredictions'] | null = null;

/** Counts what is proposed: a test in which nothing is proves nothing. */
function counted(lookup: Lookup): Lookup {
  let sequence: LlamaContextSequence | null = null;
  return {
    ...lookup,
    predictor: {
      ...lookup.predictor,
      reset: (state) => {
        sequence = state.targetSequence;
        return lookup.predictor.reset(state);
      },
      predictTokens: () => {
        const tokens = lookup.predictor.predictTokens() as Token[];
        proposed += tokens.length;
        predictions = sequence?.tokenPredictions ?? null;
        return tokens;
      },
    } as Lookup['predictor'],
  };
}

async function open(model: LlamaModel, lookup: Lookup | null): Promise<Conversation> {
  // One thread: two that wait for each other would make this a test of how busy the machine is.
  return openConversation({
    runtime,
    model,
    contextTokens: 2048,
    threads: 1,
    lookup,
    deltaIntervalMs: 100,
    now: () => performance.now(),
  });
}

beforeAll(async () => {
  tiny = makeTinyModel('--layers', '4');
  runtime = await startLlamaRuntime(await importNodeLlamaCpp(), twoCpus, false);
  const model = await runtime.llama.loadModel({ modelPath: tiny.specification.path, gpuLayers: 0 });
  plain = await open(model, null);
  looking = await open(
    model,
    counted(
      createLookup(
        [1, 3, 7, 15].map((proposals) => ({ proposals, cost: 1 + proposals / 50 })),
        () => 0,
      ),
    ),
  );
}, 120_000);
afterAll(async () => {
  await runtime.llama.dispose();
  tiny.remove();
});

const greedy = { temperature: 0, repeatPenalty: 1 };
const prompts = Array.from(
  { length: 40 },
  (_, n) =>
    `Visit ${n}: the patient ${['coughs', 'rests', 'walks', 'sleeps'][n % 4]} and has pain ${'again '.repeat(n)}`,
);

async function answer(conversation: Conversation, asked: GenerateRequest, stopAtFirstText = false) {
  let text = '';
  const stop = new AbortController();
  const onDelta = (piece: string): void => {
    text += piece;
    if (stopAtFirstText) stop.abort();
  };
  const outcome = await conversation.generate(asked, { onReading: () => undefined, onDelta }, stop.signal);
  if (outcome.kind !== 'ended') throw new Error(`Not ended but ${outcome.kind}`);
  const { promptTokens, answerTokens } = outcome.report;
  return { text, promptTokens, answerTokens, reason: outcome.reason };
}

test(
  'the text is the same with proposals and without, and so are the numbers about it',
  { timeout: 120_000 },
  async () => {
    for (const user of prompts) {
      const asked = request({ user, maxAnswerTokens: 60, sampler: greedy });
      expect(await answer(looking, asked)).toEqual(await answer(plain, asked));
    }
    expect(proposed).toBeGreaterThan(100);
    expect(predictions?.validated).toBeGreaterThan(50);
    expect(predictions?.refuted).toBeGreaterThan(10);
  },
);

test('so it is with the form of a table, and for a further question', { timeout: 120_000 }, async () => {
  proposed = 0;
  for (const user of prompts.slice(0, 8)) {
    const asked = request({ user, maxAnswerTokens: 80, sampler: greedy, structure: 'medication-list' });
    const expected = await answer(plain, asked);
    const earlier = [{ user, model: expected.text }];
    const further = request({ earlier, user: 'And the knee?', maxAnswerTokens: 30, sampler: greedy });
    expect([await answer(looking, asked), await answer(looking, further)]).toEqual([
      expected,
      await answer(plain, further),
    ]);
  }
  expect(proposed).toBeGreaterThan(20);
});

test('a request that is not greedy is answered seed by seed as if there were no proposals: there are none', async () => {
  proposed = 0;
  for (const seed of [1, 2, 3]) {
    const asked = request({ user: prompts[7] ?? '', maxAnswerTokens: 60, sampler: { seed } });
    expect(await answer(looking, asked)).toEqual(await answer(plain, asked));
  }
  expect(proposed).toBe(0);
});

test('stopped in the middle, the next answer is the same as ever', async () => {
  const asked = request({ user: prompts[3] ?? '', maxAnswerTokens: 400, sampler: greedy });
  expect((await answer(looking, asked, true)).reason).toBe('stopped');
  const short = { ...asked, maxAnswerTokens: 60 };
  expect(await answer(looking, short)).toEqual(await answer(plain, short));
});
