import { createInterface } from 'node:readline';
import { z } from 'zod';
import { importNodeLlamaCpp, type Token } from '../../electron/inference/node-llama-cpp.ts';

/** node-llama-cpp alone, with its own defaults but for the threads: the peer where llama.cpp's tools are not there. */
const questionSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('load'),
    path: z.string(),
    contextTokens: z.int(),
    threads: z.int(),
  }),
  /** Reads `depth` tokens, then times the reading of `promptTokens` and the writing of `answerTokens`. */
  z.strictObject({
    do: z.literal('time'),
    depth: z.int(),
    promptTokens: z.int(),
    answerTokens: z.int(),
  }),
]);

const { getLlama, LlamaChatSession, LlamaLogLevel } = await importNodeLlamaCpp();
const someWords = 'The patient walks in the rain and the doctor writes a note about the knee and the cough. ';

async function load(path: string, contextSize: number, threads: number) {
  const startedAt = performance.now();
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    maxThreads: threads,
    progressLogs: false,
    logLevel: LlamaLogLevel.disabled,
  });
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
  const context = await model.createContext({ contextSize, threads: { ideal: threads, min: threads } });
  const sequence = context.getSequence();
  // With the model's own template read: before, nobody can ask it anything.
  const session = new LlamaChatSession({ contextSequence: sequence });
  const loadMs = performance.now() - startedAt;
  session.dispose({ disposeSequence: false });
  return { llama, model, sequence, loadMs };
}
let loaded: Awaited<ReturnType<typeof load>> | null = null;

async function time(depth: number, promptTokens: number, answerTokens: number) {
  if (loaded === null) throw new Error('no model is loaded');
  const { model, sequence } = loaded;
  const tokens: Token[] = [];
  while (tokens.length < depth + promptTokens) tokens.push(...model.tokenize(someWords));
  await sequence.clearHistory();
  if (depth > 0) await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(0, depth));
  const startedAt = performance.now();
  const prompt = tokens.slice(depth, depth + promptTokens);
  // The last token of a prompt is evaluated with the first of the answer.
  await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(0, -1));
  let firstAt = 0;
  let made = 0;
  for await (const _token of sequence.evaluate(prompt.slice(-1), { temperature: 0, yieldEogToken: true })) {
    made += 1;
    if (made === 1) firstAt = performance.now();
    if (made > answerTokens) break;
  }
  const promptMs = firstAt - startedAt;
  return { promptMs, tokensPerSecond: ((made - 1) * 1000) / (performance.now() - firstAt) };
}

for await (const line of createInterface(process.stdin)) {
  const question = questionSchema.parse(JSON.parse(line));
  if (question.do === 'time') {
    const timed = await time(question.depth, question.promptTokens, question.answerTokens);
    process.stdout.write(`${JSON.stringify(timed)}\n`);
    continue;
  }
  await loaded?.llama.dispose();
  loaded = await load(question.path, question.contextTokens, question.threads);
  process.stdout.write(`${JSON.stringify({ loadMs: loaded.loadMs })}\n`);
}
await loaded?.llama.dispose();
process.exit(0);
