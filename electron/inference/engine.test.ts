import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestEngine, generate, knownChoice, loadOrThrow, request } from './engine-fixture.ts';
import type { Engine, LoadedFacts } from './engine.ts';
import { modelNeedsMoreMemory, modelNotGguf, modelNotReady, notEnoughMemory } from './model-errors.ts';
import { makeTinyModel, type TinyModel } from './tiny-model-fixture.ts';

const longText = 'The patient came to the clinic with a cough and fever. '.repeat(30);

describe('a model of random words', () => {
  let model: TinyModel;
  let engine: Engine;
  let loaded: LoadedFacts;
  const steps: string[] = [];
  beforeAll(async () => {
    model = makeTinyModel();
    engine = createTestEngine();
    const result = await engine.load(
      model.specification,
      {},
      ({ step }) => steps.push(step),
      AbortSignal.timeout(60_000),
    );
    if (!result.ok) throw new Error(result.error.message);
    loaded = result.value;
  }, 120_000);
  afterAll(async () => {
    await engine.dispose();
    model.remove();
  });

  test('loading checks, loads and measures, in this order, and says with what', () => {
    expect({
      steps: [...new Set(steps)],
      backend: loaded.backend,
      contextTokens: loaded.contextTokens,
      candidates: loaded.threads.candidates.map(({ threads }) => threads),
      oneOfThem: [1, 2].includes(loaded.threads.threads),
      fast: loaded.threads.tokensPerSecond > 1,
    }).toEqual({
      steps: ['checking', 'loading', 'measuring'],
      backend: 'cpu',
      contextTokens: 2048,
      candidates: [1, 2],
      oneOfThem: true,
      fast: true,
    });
  });

  test('an answer streams printable words up to its limit and is reported token by token', async () => {
    const { outcome, text, deltas, fractions } = await generate(engine, request());
    expect(text).toMatch(/^[a-z ,.]+$/);
    expect(deltas.length).toBeGreaterThan(1);
    expect(fractions.at(-1)).toBe(1);
    expect(outcome).toMatchObject({
      kind: 'ended',
      reason: 'answer-limit',
      report: { answerTokens: 40, contextTokens: 2048 },
    });
    if (outcome.kind !== 'ended') return;
    expect(outcome.report.evaluatedPromptTokens).toBe(outcome.report.promptTokens);
    expect(outcome.report.timeToFirstTokenMs).toBeGreaterThan(0);
  });

  test('the same text and seed give the same answer, whatever was asked in between; another seed gives another', async () => {
    const asked = request({ user: longText, maxAnswerTokens: 60 });
    const first = await generate(engine, asked);
    const again = await generate(engine, asked);
    await generate(engine, request({ user: `${longText}And a rash.` }));
    const later = await generate(engine, asked);
    const otherSeed = await generate(engine, { ...asked, sampler: { ...asked.sampler, seed: 2 } });
    expect([again.text, later.text]).toEqual([first.text, first.text]);
    expect(otherSeed.text).not.toBe(first.text);
  });

  test('the same prompt again is not read a second time', async () => {
    const asked = request({ user: longText });
    await generate(engine, asked);
    const again = await generate(engine, asked);
    expect(again.fractions).toEqual([]);
  });

  const source = `${longText}\n\n`;
  const about = (task: string) => request({ user: `${source}${task}`, sharedCharacters: source.length });
  const reportOf = ({ outcome }: Awaited<ReturnType<typeof generate>>) => {
    if (outcome.kind !== 'ended') throw new Error(`Not ended but ${outcome.kind}`);
    return outcome.report;
  };
  /** At most four, in one step, give the first token of the answer. */
  const expectAllButTheLast = (
    answered: Awaited<ReturnType<typeof generate>>,
    promptTokens: number,
  ): void => {
    const evaluated = promptTokens - reportOf(answered).reusedPromptTokens;
    expect(evaluated).toBeGreaterThanOrEqual(1);
    expect(evaluated).toBeLessThanOrEqual(4);
  };
  const evaluate = (user: string, signal: AbortSignal = AbortSignal.timeout(60_000)) =>
    engine.evaluate(
      {
        kind: 'evaluate',
        evaluationId: '7d444840-9dc0-41d1-b245-5ffdce74fad2',
        system: request().system,
        user,
        reservedAnswerTokens: 64,
      },
      () => undefined,
      signal,
    );

  test('another task on the same source evaluates none of the source again, and answers as if it had', async () => {
    await generate(engine, about('Write a summary of it.'));
    const second = await generate(engine, about('Summarise it in a note.'));
    const [counted] = engine.count([{ ...request(), user: source }]) ?? [];
    const { promptTokens, reusedPromptTokens } = reportOf(second);
    const fresh = createTestEngine();
    await loadOrThrow(fresh, model);
    const cold = await generate(fresh, about('Summarise it in a note.'));
    await fresh.dispose();
    expect(reportOf(cold).reusedPromptTokens).toBe(0);
    expect(second.text).toBe(cold.text);
    // Without the task are the end of the user's words and the beginning of the model's.
    expect(promptTokens - reusedPromptTokens).toBeLessThanOrEqual(promptTokens - (counted ?? 0) + 24);
    expect(reusedPromptTokens).toBeGreaterThan((counted ?? 0) - 24);
  });

  test('a source that was read ahead is not read again, and the answer is the same', async () => {
    const other = `And another visit. ${source}`;
    const asked = { ...about('Write it.'), user: `${other}Write it.`, sharedCharacters: other.length };
    const cold = await generate(engine, asked);
    await engine.release();
    const read = await evaluate(other);
    const warm = await generate(engine, asked);
    expect([read.reason, read.evaluatedTokens]).toEqual(['complete', read.promptTokens]);
    expect([reportOf(cold).reusedPromptTokens, reportOf(warm).reusedPromptTokens]).toEqual([
      0,
      read.promptTokens,
    ]);
    expect(warm.text).toBe(cold.text);
  });

  test('reading ahead stops when it is told to, keeps what it has, and refuses what leaves no room', async () => {
    const stop = new AbortController();
    const stopped = evaluate(`Once upon a time. ${source}`, stop.signal);
    stop.abort();
    expect((await stopped).reason).toBe('interrupted');
    expect((await evaluate(longText.repeat(8))).reason).toBe('does-not-fit');
  });

  test('a further question evaluates the new words alone', async () => {
    const first = about('Write a summary of it.');
    const answered = await generate(engine, first);
    const further = {
      ...first,
      earlier: [{ user: first.user, model: answered.text }],
      user: 'And the knee?',
    };
    const second = await generate(engine, further);
    const { promptTokens, reusedPromptTokens } = reportOf(second);
    const { promptTokens: before } = reportOf(answered);
    // How much of the answer is kept hangs on the words of the model: these random ones are cut into other tokens when they are read.
    expect(reusedPromptTokens).toBeGreaterThanOrEqual(before);
    expect(reusedPromptTokens).toBeLessThan(promptTokens);
    const again = await generate(engine, further);
    expect(again.text).toBe(second.text);
    expectAllButTheLast(again, promptTokens);
  });

  test('counting is not asking: the state stays as it was', async () => {
    const asked = about('Write it once.');
    const { promptTokens } = reportOf(await generate(engine, asked));
    expect(engine.count([asked, { ...asked, user: 'x' }])?.[0]).toBe(promptTokens);
    expectAllButTheLast(await generate(engine, asked), promptTokens);
  });

  test('a request is counted while what was read is given back', async () => {
    const asked = about('Write it at once.');
    const { promptTokens } = reportOf(await generate(engine, asked));
    const released = engine.release();
    const counted = engine.count([asked]);
    await released;
    expect([counted, engine.count([asked])]).toEqual([[promptTokens], [promptTokens]]);
  });

  test('what was read is gone after a release', async () => {
    const asked = about('Write it twice.');
    await generate(engine, asked);
    await engine.release();
    expect(reportOf(await generate(engine, asked)).reusedPromptTokens).toBe(0);
  });

  test('an answer that is a table has its form, whatever the model would say', async () => {
    const { text, outcome } = await generate(engine, {
      ...request({ maxAnswerTokens: 600 }),
      structure: 'medication-list',
    });
    expect(outcome.kind).toBe('ended');
    expect(text.replaceAll(/\s/g, '')).toMatch(/^\{"rows":\[/);
  });

  test('a prompt that leaves too little room is refused by exactly what is missing, and nothing is evaluated', async () => {
    const fits = await generate(engine, request({ user: longText, maxAnswerTokens: 1 }));
    if (fits.outcome.kind !== 'ended') throw new Error('The prompt should fit');
    const { promptTokens, contextTokens } = fits.outcome.report;
    const room = contextTokens - promptTokens;
    const exact = await generate(
      engine,
      request({ user: longText, reservedAnswerTokens: room, maxAnswerTokens: 1 }),
    );
    const over = await generate(
      engine,
      request({ user: longText, reservedAnswerTokens: room + 1, maxAnswerTokens: 1 }),
    );
    expect(exact.outcome.kind).toBe('ended');
    expect(over).toEqual({
      outcome: {
        kind: 'refused',
        promptTokens,
        contextTokens,
        reservedAnswerTokens: room + 1,
        overByTokens: 1,
      },
      text: '',
      deltas: [],
      fractions: [],
    });
  });

  test('a stop while the answer is written keeps what was written', async () => {
    const stop = new AbortController();
    const { outcome, text } = await generate(
      engine,
      request({ maxAnswerTokens: 1500 }),
      stop.signal,
      (event) => {
        if (event === 'delta') stop.abort();
      },
    );
    if (outcome.kind !== 'ended') throw new Error(`Not ended but ${outcome.kind}`);
    expect(outcome.reason).toBe('stopped');
    expect(outcome.report.answerTokens).toBeLessThan(1500);
    expect(text).not.toBe('');
  });

  test('a stop while the prompt is read says how far it was read', async () => {
    const stop = new AbortController();
    const asked = request({ user: `Another. ${longText}` });
    const { outcome, text, fractions } = await generate(engine, asked, stop.signal, () => stop.abort());
    if (outcome.kind !== 'ended') throw new Error(`Not ended but ${outcome.kind}`);
    const { report, reason } = outcome;
    expect({
      reason,
      text,
      fractions: fractions.length,
      evaluated: report.evaluatedPromptTokens,
      answer: report.answerTokens,
    }).toEqual({
      reason: 'stopped',
      text: '',
      fractions: 1,
      evaluated: 64,
      answer: 0,
    });
    expect(report.timeToFirstTokenMs).toBeNull();
  });

  test('after a stop the same question gives the same answer as on a fresh engine', async () => {
    const asked = request({ user: `Once more. ${longText}` });
    const stop = new AbortController();
    await generate(engine, asked, stop.signal, () => stop.abort());
    const resumed = await generate(engine, asked);
    const fresh = createTestEngine();
    await fresh.load(
      model.specification,
      { threads: loaded.threads },
      () => undefined,
      AbortSignal.timeout(60_000),
    );
    const expected = await generate(fresh, asked);
    await fresh.dispose();
    expect(resumed.text).toBe(expected.text);
  });

  test('a second question while one is answered is turned away', async () => {
    const first = generate(engine, request());
    const second = await generate(engine, request());
    expect(second.outcome).toMatchObject({ kind: 'failed', error: { code: 'turn-in-progress' } });
    expect((await first).outcome.kind).toBe('ended');
  });

  test('a thread count measured before with the same key is not measured again, one with another key is', async () => {
    const known = knownChoice(model, loaded);
    const other = createTestEngine();
    const kept = await other.load(
      model.specification,
      { threads: known },
      () => undefined,
      AbortSignal.timeout(60_000),
    );
    const measured = await other.load(
      model.specification,
      { threads: { ...known, key: 'other' } },
      () => undefined,
      AbortSignal.timeout(60_000),
    );
    await other.dispose();
    expect([kept, measured]).toMatchObject([
      { ok: true, value: { threads: known } },
      { ok: true, value: { threads: { key: known.key, candidates: [{ threads: 1 }, { threads: 2 }] } } },
    ]);
  });

  test('marks of the chat template in the text of the user stay plain text', async () => {
    const plain = await generate(engine, request({ user: 'x', maxAnswerTokens: 1 }));
    const marked = await generate(engine, request({ user: 'x<|user|></s>', maxAnswerTokens: 1 }));
    if (plain.outcome.kind !== 'ended' || marked.outcome.kind !== 'ended') throw new Error('Both should end');
    // As special tokens they would be two; as plain text each character counts.
    expect(marked.outcome.report.promptTokens - plain.outcome.report.promptTokens).toBe(
      '<|user|></s>'.length,
    );
  });
});

describe('a model that says exactly what it is told', () => {
  let model: TinyModel;
  let engine: Engine;
  const script = 'a\u00e9\u6f22\ud83d\ude00';
  beforeAll(async () => {
    model = makeTinyModel('--layers', '1', '--script', `${script}<|user|>b`, '--afterwards', 'end');
    engine = createTestEngine();
    await loadOrThrow(engine, model);
  }, 120_000);
  afterAll(async () => {
    await engine.dispose();
    model.remove();
  });

  test('characters that come in several tokens arrive whole, special tokens never, and the end is the model\u2019s own', async () => {
    const { outcome, text, deltas } = await generate(engine, request());
    const pieces = deltas.join('|');
    expect({
      text,
      broken: /[\ufffd]|[\ud800-\udbff](?![\udc00-\udfff])/.test(pieces),
      outcome,
    }).toMatchObject({
      text: `${script}b`,
      broken: false,
      outcome: { kind: 'ended', reason: 'end-of-answer', report: { answerTokens: 12 } },
    });
  });

  test('a limit in the middle of a character leaves the half character out', async () => {
    const { text } = await generate(engine, request({ maxAnswerTokens: 4 }));
    expect(text).toBe('a\u00e9');
  });
});

test('an answer that reaches the end of the context ends there: nothing is dropped to make room', async () => {
  const model = makeTinyModel('--context', '512', '--layers', '4');
  const engine = createTestEngine();
  await loadOrThrow(engine, model);
  const { outcome } = await generate(engine, request({ reservedAnswerTokens: 2, maxAnswerTokens: 5000 }));
  await engine.dispose();
  model.remove();
  if (outcome.kind !== 'ended') throw new Error(`Not ended but ${outcome.kind}`);
  const { promptTokens, evaluatedPromptTokens, answerTokens, contextTokens } = outcome.report;
  expect({ reason: outcome.reason, all: promptTokens + answerTokens, evaluatedPromptTokens }).toEqual({
    reason: 'answer-limit',
    all: contextTokens,
    evaluatedPromptTokens: promptTokens,
  });
});

test('nothing is answered before a model is loaded', async () => {
  const { outcome } = await generate(createTestEngine(), request());
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'model-not-ready' } });
});

test('an approved file that the engine cannot read is a failure with a sentence, not a crash', async () => {
  const model = makeTinyModel('--layers', '1');
  const bytes = Buffer.concat([
    readFileSync(model.specification.path).subarray(0, 20_000),
    Buffer.alloc(20_000, 255),
  ]);
  writeFileSync(model.specification.path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const engine = createTestEngine();
  const specification = { ...model.specification, sizeBytes: bytes.length, sha256 };
  const loaded = await engine.load(specification, {}, () => undefined, AbortSignal.timeout(60_000));
  await engine.dispose();
  model.remove();
  expect(loaded).toEqual({ ok: false, error: modelNotGguf });
});

test('a model that needs more memory than the computer has is not loaded, and both figures are said', async () => {
  const model = makeTinyModel();
  const engine = createTestEngine({ totalMemoryBytes: 1024 ** 3 });
  const loaded = await engine.load(model.specification, {}, () => undefined, AbortSignal.timeout(60_000));
  await engine.dispose();
  model.remove();
  const code = loaded.ok ? 'none' : loaded.error.code;
  expect([code, loaded.ok ? '' : loaded.error.message]).toEqual([
    'model-load-failed',
    expect.stringMatching(/needs about \d+\.\d GB of memory, and this computer has 1\.1 GB in all/),
  ]);
  expect(modelNeedsMoreMemory(12_340_000_000, 8e9).message).toMatch(/about 12\.3 GB .* has 8\.0 GB/);
});

test('a model whose context needs more memory than is free says so', async () => {
  const model = makeTinyModel('--context', '20000000');
  const engine = createTestEngine({ totalMemoryBytes: Number.MAX_SAFE_INTEGER });
  const loaded = await engine.load(model.specification, {}, () => undefined, AbortSignal.timeout(60_000));
  const answered = await generate(engine, request());
  await engine.dispose();
  model.remove();
  expect([loaded, answered.outcome]).toEqual([
    { ok: false, error: notEnoughMemory },
    { kind: 'failed', error: modelNotReady },
  ]);
});

const cache =
  process.env['CLOISTER_CACHE'] ??
  (process.getuid?.() === 0 ? '/var/cache/cloister' : join(homedir(), '.cache/cloister'));
const realModel = join(cache, 'models/tinyllama-1.1b-chat-iq2_xxs.gguf');

test.runIf(existsSync(realModel))(
  'the real model answers a short question in words',
  { timeout: 120_000 },
  async () => {
    const engine = createTestEngine();
    const result = await engine.load(
      {
        name: 'TinyLlama',
        path: realModel,
        sizeBytes: 322_591_712,
        sha256: '9ee11adf737960ff06123d5c4fba24d12c5b05ba460a7afa88950fbf2b61add0',
        contextTokens: 2048,
      },
      {},
      () => undefined,
      AbortSignal.timeout(60_000),
    );
    expect(result.ok).toBe(true);
    const { text, outcome } = await generate(
      engine,
      request({
        user: 'What colour is the sky on a clear day?',
        maxAnswerTokens: 24,
        sampler: { temperature: 0 },
      }),
    );
    const further = await generate(
      engine,
      request({
        earlier: [{ user: 'What colour is the sky on a clear day?', model: text }],
        user: 'And at night?',
        maxAnswerTokens: 4,
      }),
    );
    await engine.dispose();
    expect(outcome.kind).toBe('ended');
    expect(text.toLowerCase()).toContain('blue');
    if (outcome.kind !== 'ended' || further.outcome.kind !== 'ended') throw new Error('Both should end');
    // All of the first request and of its answer, but for the last token, which was written and not evaluated.
    const { promptTokens, answerTokens } = outcome.report;
    expect(further.outcome.report.reusedPromptTokens).toBeGreaterThanOrEqual(promptTokens + answerTokens - 1);
  },
);
