import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { readCpuFacts } from '../../electron/inference/cpu-facts.ts';
import { createEngine, type Engine } from '../../electron/inference/engine.ts';
import { importNodeLlamaCpp } from '../../electron/inference/node-llama-cpp.ts';
import { turnIdSchema } from '../../electron/shared/ids.ts';
import { modelCache } from '../setup/cache-folder.mjs';
import { modelEntry } from '../setup/model.mjs';
import type { Row, Sides } from './row.ts';

const answerTokens = 40;
const system = 'You write short notes.';
const user = 'Write about a made-up walk in the rain, at length.';
const sampler = { temperature: 0, topP: 1, topK: 1, minP: 0, repeatPenalty: 1, seed: 1 };

/** Our engine against node-llama-cpp called directly: same model, same threads, same text, same number of tokens. */
export const tokensRow: Row = {
  id: 'tokens.ratio',
  what: 'tokens/s of the inference engine, pieces and coverage counted',
  unit: 'ratio',
  baseline: 'tokens/s of node-llama-cpp called directly with the same threads',
  goal: 0.95,
  better: 'higher',
  pairs: 15,
  budgetMs: 180_000,
  async open() {
    const entry = modelEntry();
    const path = join(modelCache(), entry.file);
    if (!existsSync(path)) return { skipped: `${entry.name} is not in the cache` };
    const cpu = readCpuFacts({
      readText: (file) => (existsSync(file) ? readFileSync(file, 'utf8') : null),
      availableParallelism: availableParallelism(),
      model: cpus()[0]?.model ?? '',
    });
    const engine = createEngine({
      importNodeLlamaCpp,
      platform: process.platform,
      cpu,
      totalMemoryBytes: totalmem(),
      now: () => performance.now(),
    });
    const { name, sizeBytes, sha256 } = entry;
    const model = { name, sizeBytes, sha256, path, contextTokens: 2048 };
    const loaded = await engine.load(model, {}, () => undefined, AbortSignal.timeout(120_000));
    if (!loaded.ok) return { skipped: loaded.error.message };
    return sides(engine, path, loaded.value.threads.threads);
  },
};

async function sides(engine: Engine, path: string, threads: number): Promise<Sides> {
  const { getLlama, LlamaChatSession } = await importNodeLlamaCpp();
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: threads, progressLogs: false });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ contextSize: 2048, threads });
  const sequence = context.getSequence();
  return {
    ours: async () => {
      const outcome = await engine.generate(
        {
          kind: 'generate',
          turnId: turnIdSchema.parse(randomUUID()),
          system,
          earlier: [],
          user,
          sharedCharacters: 0,
          structure: null,
          sampler,
          reservedAnswerTokens: answerTokens,
          maxAnswerTokens: answerTokens,
        },
        { onReading: () => undefined, onDelta: () => undefined },
        AbortSignal.timeout(60_000),
      );
      if (outcome.kind !== 'ended') throw new Error(`generation ${outcome.kind}`);
      return (outcome.report.answerTokens * 1000) / outcome.report.generationMs;
    },
    peer: async () => {
      await sequence.clearHistory();
      const session = new LlamaChatSession({ contextSequence: sequence, systemPrompt: system });
      const times: number[] = [];
      await session.prompt(user, {
        maxTokens: answerTokens,
        temperature: 0,
        onToken: (tokens) => void times.push(...tokens.map(() => performance.now())),
      });
      const [first, last] = [times[0], times.at(-1)];
      if (first === undefined || last === undefined) throw new Error('the peer wrote nothing');
      return ((times.length - 1) * 1000) / (last - first);
    },
    close: async () => {
      await model.dispose();
      await engine.dispose();
    },
  };
}
