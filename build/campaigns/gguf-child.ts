import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { totalmem } from 'node:os';
import { z } from 'zod';
import { createEngine } from '../../electron/inference/engine.ts';
import { importNodeLlamaCpp } from '../../electron/inference/node-llama-cpp.ts';
import { modelSpecificationSchema } from '../../electron/links/model-port.ts';
import { turnIdSchema } from '../../electron/shared/ids.ts';

/** The engine in a process that may die: each line is a model to load and to ask for a few words. */
const engine = createEngine({
  importNodeLlamaCpp,
  platform: process.platform,
  cpu: { model: 'campaign', availableParallelism: 1, allowedCpus: [0], quotaCpus: null, physicalCores: 1 },
  totalMemoryBytes: totalmem(),
  now: () => performance.now(),
});
const questionSchema = z.strictObject({ model: modelSpecificationSchema });
const sampler = { temperature: 0, topP: 1, topK: 1, minP: 0, repeatPenalty: 1, seed: 1 };
const ever = new AbortController().signal;

for await (const line of createInterface(process.stdin)) {
  const { model } = questionSchema.parse(JSON.parse(line));
  process.stdout.write(`${JSON.stringify(await outcomeOf(model))}\n`);
}
await engine.dispose();

/** `answered`, or the code of the sentence that the screen shows. */
async function outcomeOf(model: z.infer<typeof modelSpecificationSchema>): Promise<{ outcome: string }> {
  const loaded = await engine.load(model, {}, () => undefined, ever);
  if (!loaded.ok) return { outcome: `refused: ${loaded.error.code}` };
  const answered = await engine.generate(
    {
      kind: 'generate',
      turnId: turnIdSchema.parse(randomUUID()),
      system: 'You write short notes.',
      earlier: [],
      user: 'A made-up visit.',
      sharedCharacters: 0,
      structure: null,
      sampler,
      reservedAnswerTokens: 4,
      maxAnswerTokens: 4,
    },
    { onReading: () => undefined, onDelta: () => undefined },
    ever,
  );
  return { outcome: answered.kind === 'ended' ? 'answered' : `not answered: ${answered.kind}` };
}
