import { randomUUID } from 'node:crypto';
import { totalmem } from 'node:os';
import type { Sampler, ThreadChoice } from '../links/model-port.ts';
import { turnIdSchema } from '../shared/ids.ts';
import type { GenerateRequest, GenerationOutcome } from './conversation.ts';
import type { CpuFacts } from './cpu-facts.ts';
import { createEngine, type Engine, type EngineDeps, type LoadedFacts } from './engine.ts';
import { importNodeLlamaCpp } from './node-llama-cpp.ts';
import { threadKey } from './thread-choice.ts';
import type { TinyModel } from './tiny-model-fixture.ts';

/** Two processors: what the tests ask of the machine that runs them. */
export const twoCpus: CpuFacts = {
  model: 'test',
  availableParallelism: 2,
  allowedCpus: [0, 1],
  quotaCpus: null,
  physicalCores: 2,
};

export function createTestEngine(changed: Partial<EngineDeps> = {}): Engine {
  return createEngine({
    importNodeLlamaCpp,
    cpu: twoCpus,
    platform: process.platform,
    totalMemoryBytes: totalmem(),
    now: () => performance.now(),
    ...changed,
  });
}

const warmSampler: Sampler = {
  temperature: 0.8,
  topP: 0.95,
  topK: 40,
  minP: 0.05,
  repeatPenalty: 1.1,
  seed: 1,
};

export function request(
  changes: Partial<Omit<GenerateRequest, 'sampler'>> & { sampler?: Partial<Sampler> } = {},
): GenerateRequest {
  return {
    kind: 'generate',
    turnId: turnIdSchema.parse(randomUUID()),
    system: 'You write short notes.',
    earlier: [],
    user: 'The patient reports mild pain in the knee after a long walk.',
    sharedCharacters: 0,
    structure: null,
    reservedAnswerTokens: 64,
    maxAnswerTokens: 40,
    ...changes,
    sampler: { ...warmSampler, ...changes.sampler },
  };
}

/** A choice as if measured before, so that a test does not wait for the measurement. */
export function knownChoice(model: TinyModel, loaded: LoadedFacts): ThreadChoice {
  const key = threadKey(
    twoCpus,
    model.specification.sha256,
    `${loaded.engineVersion} ${loaded.llamaCppRelease}`,
  );
  return { key, threads: 2, tokensPerSecond: 1, candidates: [] };
}

export async function loadOrThrow(engine: Engine, model: TinyModel): Promise<LoadedFacts> {
  const loaded = await engine.load(model.specification, {}, () => undefined, AbortSignal.timeout(60_000));
  if (!loaded.ok) throw new Error(loaded.error.message);
  return loaded.value;
}

export type Heard = {
  readonly outcome: GenerationOutcome;
  readonly text: string;
  readonly deltas: readonly string[];
  readonly fractions: readonly number[];
};

/** Generates to the end; `onEvent` runs at each event, so that a test can stop at a moment that it names. */
export async function generate(
  engine: Engine,
  asked: GenerateRequest,
  signal: AbortSignal = AbortSignal.timeout(60_000),
  onEvent: (event: 'reading' | 'delta') => void = () => undefined,
): Promise<Heard> {
  const deltas: string[] = [];
  const fractions: number[] = [];
  const events = {
    onReading: (fraction: number) => {
      fractions.push(fraction);
      onEvent('reading');
    },
    onDelta: (text: string) => {
      deltas.push(text);
      onEvent('delta');
    },
  };
  const outcome = await engine.generate(asked, events, signal);
  return { outcome, text: deltas.join(''), deltas, fractions };
}
