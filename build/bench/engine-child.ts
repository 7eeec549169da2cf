import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { readCpuFacts } from '../../electron/inference/cpu-facts.ts';
import { createEngine } from '../../electron/inference/engine.ts';
import { importNodeLlamaCpp } from '../../electron/inference/node-llama-cpp.ts';
import {
  exchangeSchema,
  modelSpecificationSchema,
  threadChoiceSchema,
} from '../../electron/links/model-port.ts';
import { structureIdSchema } from '../../electron/shared/structures.ts';
import { turnIdSchema } from '../../electron/shared/ids.ts';

/** Our engine in a process of its own, as the inference process has it, asked line by line. */
const questionSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('load'),
    model: modelSpecificationSchema,
    known: threadChoiceSchema.nullable(),
  }),
  z.strictObject({
    do: z.literal('generate'),
    system: z.string(),
    earlier: z.array(exchangeSchema),
    user: z.string(),
    sharedCharacters: z.int(),
    structure: structureIdSchema.nullable(),
    answerTokens: z.int(),
  }),
  z.strictObject({ do: z.literal('read'), system: z.string(), user: z.string() }),
  z.strictObject({ do: z.literal('release') }),
]);

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
const ever = new AbortController().signal;
const sampler = { temperature: 0, topP: 1, topK: 1, minP: 0, repeatPenalty: 1, seed: 1 };

async function answer(question: z.infer<typeof questionSchema>): Promise<unknown> {
  if (question.do === 'load') {
    const loaded = await engine.load(question.model, { threads: question.known }, () => undefined, ever);
    if (!loaded.ok) throw new Error(loaded.error.message);
    return loaded.value;
  }
  if (question.do === 'read') {
    const { system, user } = question;
    return engine.evaluate(
      { kind: 'evaluate', evaluationId: randomUUID(), system, user, reservedAnswerTokens: 2 },
      () => undefined,
      ever,
    );
  }
  if (question.do === 'release') return engine.release();
  const { do: _do, answerTokens, ...asked } = question;
  let text = '';
  const outcome = await engine.generate(
    {
      kind: 'generate',
      turnId: turnIdSchema.parse(randomUUID()),
      ...asked,
      sampler,
      reservedAnswerTokens: answerTokens,
      maxAnswerTokens: answerTokens,
    },
    {
      onReading: () => undefined,
      onDelta: (piece) => {
        text += piece;
      },
    },
    ever,
  );
  if (outcome.kind !== 'ended') throw new Error(`generation ${outcome.kind}`);
  return { text, ...outcome.report };
}

for await (const line of createInterface(process.stdin)) {
  const answered = await answer(questionSchema.parse(JSON.parse(line)));
  process.stdout.write(`${JSON.stringify(answered ?? null)}\n`);
}
await engine.dispose();
process.exit(0);
