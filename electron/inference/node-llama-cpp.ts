import { registerHooks } from 'node:module';
import { mendAcceptance, mendedFile, sourceText } from './mended-acceptance.ts';

/** The one file that imports node-llama-cpp; the rest of this folder takes its types from here. */
export type {
  ChatHistoryItem,
  Llama,
  LlamaChat,
  LlamaContextSequence,
  LlamaGrammar,
  LlamaModel,
  LlamaOptions,
  Token,
  TokenPredictor,
} from 'node-llama-cpp';

export type NodeLlamaCpp = typeof import('node-llama-cpp');

/**
 * On Linux node-llama-cpp first tries its native library in a child that it forks through `ELECTRON_RUN_AS_NODE`. That
 * fuse is off in packages, so the child could never answer and no library would be found. This process is disposable
 * and supervised: loading the library here is the test.
 */
const selfTestModule = '/bindings/utils/testBindingBinary.js';
const selfTestAnswer = 'export async function testBindingBinary() { return true; }';

/** Imported late, so that a start without a model costs nothing and after the network guard stands. */
export async function importNodeLlamaCpp(): Promise<NodeLlamaCpp> {
  // Its settings can also come from the environment (one prints every log line of llama.cpp); ours are all in code.
  for (const name of Object.keys(process.env)) {
    if (/^(npm_config_)?node_llama_cpp_/i.test(name)) delete process.env[name];
  }
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      if (url.endsWith(selfTestModule))
        return { format: 'module', source: selfTestAnswer, shortCircuit: true };
      const loaded = nextLoad(url, context);
      if (!url.endsWith(mendedFile) || loaded.source === undefined || loaded.source === null) return loaded;
      const mended = mendAcceptance(sourceText(loaded.source));
      return mended === null ? loaded : { ...loaded, source: mended };
    },
  });
  try {
    return await import('node-llama-cpp');
  } finally {
    hooks.deregister();
  }
}
