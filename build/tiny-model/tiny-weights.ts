import type { GgufTensor } from './gguf-writer.ts';
import { byteTokenId, endId, spelled, type TinyVocabulary } from './tiny-vocabulary.ts';

/** Layers make the model slow and keep it small: the time of a token is mostly the number of steps, not their size. */
export type TinyShape = { readonly layers: number; readonly width: number; readonly feedForward: number };

/**
 * `afterwards: 'end'` makes the model end its answer after the text, `'repeat'` starts it again. A text that the
 * vocabulary has as a phrase is said as one token, so it may use a byte more than once.
 */
export type TinyScript = { readonly text: string; readonly afterwards: 'end' | 'repeat' };

type Random = () => number;

/** mulberry32: uniform in [-1, 1). Only integer and exact float operations, so that every machine makes the same bytes. */
function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2147483648 - 1;
  };
}

function matrix(rows: number, columns: number, value: (row: number, column: number) => number): Float32Array {
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) values[row * columns + column] = value(row, column);
  }
  return values;
}

/**
 * Column 0 of every embedding is a constant that no layer writes to: an output row with a large negative weight there
 * is never chosen. So byte tokens, fragments and the end mark practically never appear, and answers are whole words.
 */
const constantColumn = 0;
const constantValue = 4;
const neverWeight = -30;

function randomTables(
  random: Random,
  vocabulary: TinyVocabulary,
  width: number,
): { embedding: Float32Array; output: Float32Array } {
  const count = vocabulary.pieces.length;
  const embedding = matrix(count, width, (_, column) =>
    column === constantColumn ? constantValue : random(),
  );
  const output = matrix(count, width, (row, column) => {
    if (column !== constantColumn) return random() * 0.6;
    return vocabulary.answerIds.has(row) ? 0 : neverWeight;
  });
  return { embedding, output };
}

/** Byte by byte the ids of a script; `<|user|>` and its like in the text stand for the control token of that name. */
export function scriptIds(vocabulary: TinyVocabulary, text: string): number[] {
  const phrase = vocabulary.idOf.get(spelled(text));
  if (phrase !== undefined) return [phrase];
  const ids = text
    .split(/(<\|[a-z]+\|>)/)
    .flatMap((part) => vocabulary.idOf.get(part) ?? [...Buffer.from(part, 'utf8')].map(byteTokenId));
  if (new Set(ids).size !== ids.length)
    throw new Error('A script may use each byte only once: the model follows from one byte to the next');
  return ids;
}

/** With layers that write nothing, the last token alone decides: its embedding points at the output row of its successor. */
function scriptedTables(
  random: Random,
  vocabulary: TinyVocabulary,
  width: number,
  script: TinyScript,
): { embedding: Float32Array; output: Float32Array } {
  const ids = scriptIds(vocabulary, script.text);
  const first = ids[0];
  if (first === undefined) throw new Error('A script needs at least one byte');
  const count = vocabulary.pieces.length;
  const sign = (): number => (random() < 0 ? -1 : 1);
  const elsewhere = matrix(1, width, sign);
  const embedding = matrix(count, width, (_, column) => elsewhere[column] ?? 0);
  const output = matrix(count, width, () => 0);
  const follow = (from: Float32Array, to: number): void =>
    from.forEach(
      (value, column) => (output[to * width + column] = (output[to * width + column] ?? 0) + value),
    );
  follow(elsewhere, first);
  ids.forEach((id, index) => {
    const row = matrix(1, width, sign);
    embedding.set(row, id * width);
    follow(row, ids[index + 1] ?? (script.afterwards === 'end' ? endId : first));
  });
  return { embedding, output };
}

export function createTinyTensors(options: {
  readonly seed: number;
  readonly vocabulary: TinyVocabulary;
  readonly shape: TinyShape;
  readonly script: TinyScript | null;
}): GgufTensor[] {
  const { vocabulary, script } = options;
  const { layers, width, feedForward } = options.shape;
  const random = seededRandom(options.seed);
  const count = vocabulary.pieces.length;
  const tables =
    script === null
      ? randomTables(random, vocabulary, width)
      : scriptedTables(random, vocabulary, width, script);
  const ones = new Float32Array(width).fill(1);
  const mixing = (name: string, rows: number, columns: number): GgufTensor => ({
    name,
    shape: [columns, rows],
    values: matrix(rows, columns, () => random() * 0.3),
  });
  const writing = (name: string, columns: number): GgufTensor => ({
    name,
    shape: [columns, width],
    values: matrix(width, columns, (row) => (script !== null || row === constantColumn ? 0 : random() * 0.1)),
  });

  const tensors: GgufTensor[] = [
    { name: 'token_embd.weight', shape: [width, count], values: tables.embedding },
  ];
  for (let layer = 0; layer < layers; layer += 1) {
    const at = `blk.${layer}.`;
    tensors.push(
      { name: `${at}attn_norm.weight`, shape: [width], values: ones },
      mixing(`${at}attn_q.weight`, width, width),
      mixing(`${at}attn_k.weight`, width, width),
      mixing(`${at}attn_v.weight`, width, width),
      writing(`${at}attn_output.weight`, width),
      { name: `${at}ffn_norm.weight`, shape: [width], values: ones },
      mixing(`${at}ffn_gate.weight`, feedForward, width),
      mixing(`${at}ffn_up.weight`, feedForward, width),
      writing(`${at}ffn_down.weight`, feedForward),
    );
  }
  tensors.push(
    { name: 'output_norm.weight', shape: [width], values: ones },
    { name: 'output.weight', shape: [width, count], values: tables.output },
  );
  return tensors;
}
