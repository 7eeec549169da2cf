import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphicsTrial, GraphicsWish } from '../shared/graphics.ts';
import type { Engine, LoadedFacts } from './engine.ts';
import { createTestEngine, generate, knownChoice, request } from './engine-fixture.ts';
import { agree, backendsOf, isIntelIntegrated } from './graphics-card.ts';
import { importNodeLlamaCpp, type Llama, type LlamaOptions } from './node-llama-cpp.ts';
import { makeTinyModel, type TinyModel } from './tiny-model-fixture.ts';

/**
 * Mesa's Vulkan driver for machines without a graphics card computes on the processor, so the whole way of a card can be
 * gone here, slowly. llama.cpp passes such a driver over unless it is told to take the first device.
 */
const hasSoftwareVulkan = /llvmpipe/.test(
  spawnSync('sh', ['-c', 'ls /usr/share/vulkan/icd.d/ 2>/dev/null | grep -c lvp && echo llvmpipe'], {
    encoding: 'utf8',
  }).stdout,
);
process.env['GGML_VK_VISIBLE_DEVICES'] = '0';

describe('what is compared', () => {
  test('two processors that round differently agree, and one that computes wrongly does not', () => {
    const expected = [0.5, 0.1, 0.02, 0.9];
    expect([
      agree(expected, [0.49, 0.11, 0.02, 0.91]),
      agree(expected, [0.1, 0.6, 0.3, 0.2]),
      agree(expected, [0.5, 0.1, 0.02, Number.NaN]),
      agree(expected, [0.5, 0.1, 0.02]),
      agree([], []),
    ]).toEqual([true, false, false, false, false]);
  });

  test('graphics that are a part of Intel’s processors are told from its cards and from others', () => {
    expect(
      [
        'Intel(R) UHD Graphics 620 (KBL GT2)',
        'Intel(R) Iris(R) Xe Graphics',
        'Intel(R) Arc(TM) Graphics',
        'Intel(R) Arc(TM) A770 Graphics',
        'Intel(R) Arc(tm) B580 Graphics (BMG G21)',
        'Intel(R) Arc(TM) Pro A60 Graphics',
        'NVIDIA GeForce RTX 4060',
        'AMD Radeon 780M (RADV GFX1103_R1)',
      ].filter((name) => isIntelIntegrated(name)),
    ).toEqual([
      'Intel(R) UHD Graphics 620 (KBL GT2)',
      'Intel(R) Iris(R) Xe Graphics',
      'Intel(R) Arc(TM) Graphics',
    ]);
    expect([backendsOf('darwin'), backendsOf('linux')]).toEqual([['metal'], ['cuda', 'vulkan']]);
  });
});

describe.skipIf(!hasSoftwareVulkan)('a graphics card, played by the processor', () => {
  let model: TinyModel;
  let onProcessor: { facts: LoadedFacts; text: string } | undefined;
  const asked = request({ sampler: { temperature: 0 }, maxAnswerTokens: 12 });

  async function loaded(
    engine: Engine,
    wish: GraphicsWish,
    trial: GraphicsTrial | null,
    onProcessorPerSecond = 1e6,
  ) {
    const known =
      onProcessor === undefined
        ? null
        : { ...knownChoice(model, onProcessor.facts), tokensPerSecond: onProcessorPerSecond };
    const result = await engine.load(
      model.specification,
      { threads: known, graphics: { wish, trial } },
      () => undefined,
      AbortSignal.timeout(120_000),
    );
    if (!result.ok) throw new Error(result.error.message);
    return result.value;
  }

  beforeAll(async () => {
    model = makeTinyModel('--layers', '2');
    const engine = createTestEngine();
    const facts = await loaded(engine, 'off', null);
    const { text } = await generate(engine, asked);
    await engine.dispose();
    onProcessor = { facts, text };
  }, 120_000);
  afterAll(() => {
    model.remove();
  });

  const good = (device: string): GraphicsTrial => ({
    result: 'used',
    backend: 'vulkan',
    device,
    tokensPerSecond: 99,
    batchCosts: null,
    layers: null,
  });
  let device = '';

  test('is tried where another one was good before, found slower, and the model answers on the main processor as ever', async () => {
    const engine = createTestEngine();
    const facts = await loaded(engine, 'use', good('Another card'));
    device = facts.graphics?.device ?? '';
    const { text } = await generate(engine, asked);
    await engine.dispose();
    expect(facts.graphics).toMatchObject({
      result: 'slower',
      backend: 'vulkan',
      device: expect.stringContaining('llvmpipe'),
    });
    expect(facts.graphics?.tokensPerSecond).toBeGreaterThan(0);
    expect([facts.backend, text]).toEqual(['cpu', onProcessor?.text]);
  }, 180_000);

  test('that is right and faster is used from then on', async () => {
    const engine = createTestEngine();
    // As if the main processor were slower than anything.
    const facts = await loaded(engine, 'try', null, 0.001);
    const { outcome } = await generate(engine, asked);
    await engine.dispose();
    expect([facts.backend, facts.graphics?.result]).toEqual(['vulkan', 'used']);
    expect(outcome).toMatchObject({ kind: 'ended', report: { answerTokens: 12 } });
  }, 180_000);

  test('that was good in a trial is taken at once, answers, and gives its memory back', async () => {
    const engine = createTestEngine();
    const facts = await loaded(engine, 'use', good(device));
    const answered = await generate(engine, asked);
    expect(facts.backend).toBe('vulkan');
    expect(facts.graphics).toMatchObject({ result: 'used', tokensPerSecond: 99 });
    expect(facts.graphics?.device).toContain('llvmpipe');
    expect(answered.outcome).toMatchObject({ kind: 'ended', report: { answerTokens: 12 } });
    // And back: the same engine, on the main processor.
    const again = await loaded(engine, 'off', null);
    const { text } = await generate(engine, asked);
    await engine.dispose();
    expect([again.backend, again.graphics, text]).toEqual(['cpu', null, onProcessor?.text]);
  }, 180_000);

  /** As if the card had room for so many layers of any model. */
  function cardOf(layers: number): Engine {
    return createTestEngine({
      importNodeLlamaCpp: async () => {
        const library = await importNodeLlamaCpp();
        const getLlama = async (options: LlamaOptions): Promise<Llama> => {
          const llama = await library.getLlama(options);
          const load = llama.loadModel.bind(llama);
          if (options.gpu === 'vulkan')
            llama.loadModel = (wished) => {
              if (wished.gpuLayers === 'max') throw new library.InsufficientMemoryError('played');
              return load({ ...wished, gpuLayers: layers });
            };
          return llama;
        };
        return { ...library, getLlama: getLlama as typeof library.getLlama };
      },
    });
  }

  test('that is too small for all of the model takes the layers that fit, and the main processor the rest', async () => {
    const roomy = cardOf(2);
    const tried = await loaded(roomy, 'try', null, 0.001);
    const { outcome } = await generate(roomy, asked);
    const again = await loaded(roomy, 'use', tried.graphics);
    await roomy.dispose();
    expect([tried.backend, tried.graphics]).toMatchObject([
      'vulkan',
      { result: 'used', layers: { onCard: 2, all: 3 } },
    ]);
    expect(outcome).toMatchObject({ kind: 'ended', report: { answerTokens: 12 } });
    expect([again.backend, again.graphics]).toEqual(['vulkan', tried.graphics]);

    // Less room than in the trial: what fits has to show what it can, and cannot.
    const tight = cardOf(1);
    const less = await loaded(tight, 'use', tried.graphics);
    await tight.dispose();
    expect([less.backend, less.graphics]).toMatchObject([
      'cpu',
      { result: 'slower', layers: { onCard: 1, all: 3 } },
    ]);

    const none = cardOf(0);
    const nothing = await loaded(none, 'try', null, 0.001);
    await none.dispose();
    expect([nothing.backend, nothing.graphics?.result]).toEqual(['cpu', 'too-small']);
  }, 300_000);
});
