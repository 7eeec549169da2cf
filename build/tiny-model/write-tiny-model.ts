import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { encodeGguf, type GgufValue } from './gguf-writer.ts';
import { beginId, createTinyVocabulary, endId, unknownId, type TinyVocabulary } from './tiny-vocabulary.ts';
import { createTinyTensors, type TinyScript, type TinyShape } from './tiny-weights.ts';

/**
 * Writes a language model of a few megabytes with random weights, for tests of the mechanics: it loads, tokenizes and
 * streams like a real one, answers in printable nonsense words, practically never ends by itself, and is slow enough
 * that a test can interrupt a long answer. The same options give the same bytes.
 *
 * Command line: `write-tiny-model.ts OUT.gguf CATALOGUE.json [--seed N] [--context N] [--layers N] [--script TEXT --afterwards end|repeat [--one-token]]`
 */
export type TinyModelOptions = {
  readonly seed?: number;
  /** Trained context length in tokens. */
  readonly contextTokens?: number;
  /** More layers: a larger file and a slower model. */
  readonly layers?: number;
  /** Instead of random words the model says exactly this: byte by byte (each byte at most once), or as one token. */
  readonly script?: TinyScript & { readonly oneToken?: boolean };
};

export type WrittenModel = {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly contextTokens: number;
};

const defaults = { seed: 20260101, contextTokens: 2048, layers: 56 };
const width = 64;
const feedForward = 64;
const heads = 4;

const chatTemplate =
  "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}";

function metadata(
  vocabulary: TinyVocabulary,
  shape: TinyShape,
  contextTokens: number,
): Record<string, GgufValue> {
  const uint32 = (value: number): GgufValue => ({ type: 'uint32', value });
  const string = (value: string): GgufValue => ({ type: 'string', value });
  return {
    'general.architecture': string('llama'),
    'general.name': string('Cloister tiny test model'),
    'general.alignment': uint32(32),
    'general.file_type': uint32(0),
    'llama.context_length': uint32(contextTokens),
    'llama.embedding_length': uint32(shape.width),
    'llama.block_count': uint32(shape.layers),
    'llama.feed_forward_length': uint32(shape.feedForward),
    'llama.attention.head_count': uint32(heads),
    'llama.attention.head_count_kv': uint32(heads),
    'llama.attention.layer_norm_rms_epsilon': { type: 'float32', value: 1e-5 },
    'llama.rope.dimension_count': uint32(shape.width / heads),
    'llama.vocab_size': uint32(vocabulary.pieces.length),
    'tokenizer.ggml.model': string('llama'),
    'tokenizer.ggml.tokens': { type: 'strings', value: vocabulary.pieces },
    'tokenizer.ggml.scores': { type: 'float32s', value: vocabulary.scores },
    'tokenizer.ggml.token_type': { type: 'int32s', value: vocabulary.types },
    'tokenizer.ggml.bos_token_id': uint32(beginId),
    'tokenizer.ggml.eos_token_id': uint32(endId),
    'tokenizer.ggml.unknown_token_id': uint32(unknownId),
    'tokenizer.ggml.add_bos_token': { type: 'boolean', value: false },
    'tokenizer.chat_template': string(chatTemplate),
  };
}

export function writeTinyModel(path: string, options: TinyModelOptions = {}): WrittenModel {
  const { seed, contextTokens, layers } = { ...defaults, ...options };
  const shape: TinyShape = { layers, width, feedForward };
  const vocabulary = createTinyVocabulary(
    options.script?.oneToken === true ? options.script.text : undefined,
  );
  const tensors = createTinyTensors({ seed, vocabulary, shape, script: options.script ?? null });
  const bytes = encodeGguf(metadata(vocabulary, shape, contextTokens), tensors);
  writeFileSync(path, bytes);
  return { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), contextTokens };
}

/** A catalogue with this one model, in the shape of `models/catalogue.json`. */
export function tinyCatalogue(fileName: string, model: WrittenModel): unknown {
  const id = 'tiny-test-model';
  return {
    version: 1,
    default: id,
    models: [
      {
        id,
        name: 'Tiny test model (random weights)',
        file: fileName,
        sizeBytes: model.sizeBytes,
        sha256: model.sha256,
        contextTokens: model.contextTokens,
        licence: 'Apache-2.0',
        repository: 'build/tiny-model',
        use: 'automatic tests only',
      },
    ],
  };
}

function readNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`Not a positive whole number: ${text}`);
  return value;
}

function runCommandLine(args: readonly string[]): void {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      context: { type: 'string' },
      layers: { type: 'string' },
      script: { type: 'string' },
      afterwards: { type: 'string' },
      'one-token': { type: 'boolean', default: false },
    },
  });
  const [modelPath, cataloguePath] = positionals;
  if (modelPath === undefined || cataloguePath === undefined)
    throw new Error('Usage: write-tiny-model.ts OUT.gguf CATALOGUE.json');
  const seed = readNumber(values.seed);
  const contextTokens = readNumber(values.context);
  const layers = readNumber(values.layers);
  const script =
    values.script === undefined
      ? undefined
      : {
          text: values.script,
          afterwards: values.afterwards === 'end' ? ('end' as const) : ('repeat' as const),
          oneToken: values['one-token'],
        };
  const model = writeTinyModel(modelPath, {
    ...(seed === undefined ? {} : { seed }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(layers === undefined ? {} : { layers }),
    ...(script === undefined ? {} : { script }),
  });
  writeFileSync(cataloguePath, `${JSON.stringify(tinyCatalogue(basename(modelPath), model), null, 2)}\n`);
}

if (import.meta.main) runCommandLine(process.argv.slice(2));
