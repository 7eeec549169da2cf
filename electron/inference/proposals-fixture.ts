import { registerHooks } from 'node:module';
import { mendedFile, sourceText } from './mended-acceptance.ts';
import { importNodeLlamaCpp, type Token } from './node-llama-cpp.ts';

/**
 * A process of its own for `mended-acceptance.test.ts`: whatever a model says without proposals is proposed to it in
 * one piece, and what is left of it again whenever it is asked. Prints what it said both times, in how many batches, and how
 * many proposals were kept.
 */
const [path, library] = process.argv.slice(2);
if (path === undefined) throw new Error('which model?');

// One more line, and the text is none that the mend was tried on.
if (library === 'as-it-comes') {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(mendedFile) || loaded.source === undefined || loaded.source === null) return loaded;
      return { ...loaded, source: `${sourceText(loaded.source)}\n` };
    },
  });
}

const { getLlama, TokenPredictor } = await importNodeLlamaCpp();
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 2, progressLogs: false });
const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });

async function answer(tokenPredictor?: InstanceType<typeof TokenPredictor>) {
  const context = await model.createContext({ contextSize: 256, batchSize: 64, threads: 2 });
  const sequence = context.getSequence(tokenPredictor === undefined ? {} : { tokenPredictor });
  const said: Token[] = [];
  for await (const token of sequence.evaluate(model.tokenize('?'), { temperature: 0 })) said.push(token);
  const { validated } = sequence.tokenPredictions;
  await context.dispose();
  return { said, validated };
}

const plain = await answer();
let batches = 0;
class Prompter extends TokenPredictor {
  #known = 0;
  reset(): void {
    this.#known = 0;
  }
  pushTokens(tokens: Token[]): void {
    this.#known += tokens.length;
  }
  predictTokens(): Token[] {
    batches += 1;
    return plain.said.slice(this.#known);
  }
}
const speculated = await answer(new Prompter());
process.stdout.write(
  JSON.stringify({
    plain: model.detokenize(plain.said),
    text: model.detokenize(speculated.said),
    batches,
    kept: speculated.validated,
  }),
);
await model.dispose();
process.exit(0);
