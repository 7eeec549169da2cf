import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ThreadChoice } from '../links/model-port.ts';
import type { GraphicsTrial, GraphicsWish } from '../shared/graphics.ts';
import type { Engine, LoadedFacts } from './engine.ts';
import { createTestEngine, generate, knownChoice, realModel, request } from './engine-fixture.ts';
import { agree, backendsOf, isIntelIntegrated } from './graphics-card.ts';
import { importNodeLlamaCpp, type LlamaOptions } from './node-llama-cpp.ts';
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

  test.skipIf(!existsSync(realModel.path))(
    'that is too small for all of the model takes the layers that fit, and the main processor the rest',
    async () => {
      const engine = createTestEngine({
        importNodeLlamaCpp: async () => {
          const library = await importNodeLlamaCpp();
          // All but so much is said to be taken.
          const vramPadding = (total: number): number => total - 850 * 1024 ** 2;
          const getLlama = (options: LlamaOptions) => library.getLlama({ ...options, vramPadding });
          return { ...library, getLlama: getLlama as typeof library.getLlama };
        },
      });
      const on = async (known: ThreadChoice | null, wish: GraphicsWish, trial: GraphicsTrial | null) => {
        const loaded = await engine.load(
          { ...realModel, contextTokens: 512 },
          { threads: known, graphics: { wish, trial } },
          () => undefined,
          AbortSignal.timeout(200_000),
        );
        if (!loaded.ok) throw new Error(loaded.error.message);
        return loaded.value;
      };
      const { threads } = await on(null, 'off', null);
      const slow = { ...threads, tokensPerSecond: 0.001 };
      const tried = await on(slow, 'try', null);
      const layers = tried.graphics?.layers;
      expect(tried.graphics).toMatchObject({ result: 'used', layers: { all: 23 } });
      expect([tried.backend, (layers?.onCard ?? 0) > 0, (layers?.onCard ?? 23) < 23]).toEqual([
        'vulkan',
        true,
        true,
      ]);

      const again = await on(slow, 'use', tried.graphics);
      const { outcome } = await generate(
        engine,
        { ...asked, system: 'Be brief.', user: 'Hello.', maxAnswerTokens: 2 },
        AbortSignal.timeout(200_000),
      );
      await engine.dispose();
      expect(again.graphics).toEqual(tried.graphics);
      expect(outcome).toMatchObject({ kind: 'ended', report: { answerTokens: 2 } });
    },
    300_000,
  );
});
