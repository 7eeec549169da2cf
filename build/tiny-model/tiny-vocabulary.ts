import { words } from './words.ts';

/**
 * A vocabulary of the SentencePiece kind: byte tokens, printable characters, whole words with their beginnings (so that
 * the tokenizer can reach a word by merging one character at a time) and the marks of the chat template.
 */
export type TinyVocabulary = {
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
  /** GGUF token types: 1 normal, 2 unknown, 3 control, 6 byte. */
  readonly types: readonly number[];
  /** Ids that answers are made of. */
  readonly answerIds: ReadonlySet<number>;
  readonly idOf: ReadonlyMap<string, number>;
};

export const unknownId = 0;
export const beginId = 1;
export const endId = 2;
const firstByteId = 3;
/** How SentencePiece writes a space at the beginning of a word. */
const space = '\u2581';

/** A text as the vocabulary writes it. */
export function spelled(text: string): string {
  return text.replaceAll(' ', space);
}

export function byteTokenId(byte: number): number {
  return firstByteId + byte;
}

/** @param phrase gets a token of its own, which no tokenizing reaches: only a script can say it */
export function createTinyVocabulary(phrase?: string): TinyVocabulary {
  const pieces: string[] = [];
  const scores: number[] = [];
  const types: number[] = [];
  const idOf = new Map<string, number>();
  const add = (piece: string, score: number, type: number): void => {
    if (idOf.has(piece)) return;
    idOf.set(piece, pieces.length);
    pieces.push(piece);
    scores.push(score);
    types.push(type);
  };

  add('<unk>', 0, 2);
  add('<s>', 0, 3);
  add('</s>', 0, 3);
  for (let byte = 0; byte < 256; byte += 1) {
    add(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, 0, 6);
  }
  for (const mark of ['<|system|>', '<|user|>', '<|assistant|>']) add(mark, 0, 3);
  for (let code = 0x21; code < 0x7f; code += 1) add(String.fromCharCode(code), -1000, 1);
  add(space, -1000, 1);
  for (const word of words) {
    // A longer piece has a better score, so a merge that was begun is carried on to the whole word.
    for (let length = 1; length <= word.length; length += 1)
      add(space + word.slice(0, length), length - 100, 1);
  }
  if (phrase !== undefined) add(spelled(phrase), -2000, 1);

  const answers = [...words.map((word) => space + word), ',', '.'];
  const answerIds = new Set(answers.flatMap((piece) => idOf.get(piece) ?? []));
  return { pieces, scores, types, answerIds, idOf };
}
