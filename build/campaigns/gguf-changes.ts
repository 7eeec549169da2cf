/** Ways to spoil the header of a GGUF file; `random` from 0 up to and without 1. */
export type GgufChange = { readonly what: string; readonly bytes: Buffer };

const absurd = [
  0n,
  1n,
  2n ** 16n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 40n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
type Place = { readonly at: number; readonly width: 4 | 8 };
/** Where in the fixed part, and how many bytes: version, number of tensors, number of entries. */
const counts: readonly [Place, ...Place[]] = [
  { at: 4, width: 4 },
  { at: 8, width: 8 },
  { at: 16, width: 8 },
];

/** @param original a whole GGUF file (little endian, version 3) with tensors whose names end in `.weight` */
export function spoilHeader(original: Buffer, random: () => number): GgufChange {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <const T>(all: readonly [T, ...T[]]): T => all[below(all.length)] ?? all[0];
  const headerBytes = original.lastIndexOf('.weight') + 40;
  const number = absurd[below(absurd.length)] ?? 0n;
  const write = (bytes: Buffer, at: number, width: number): void => {
    if (width === 8) bytes.writeBigUInt64LE(number, at);
    else bytes.writeUInt32LE(Number(number & 0xffff_ffffn), at);
  };
  const changed = Buffer.from(original);
  const kind = pick(['bit', 'count', 'entry', 'tensor', 'anywhere', 'cut', 'insert', 'remove', 'repeat']);
  switch (kind) {
    case 'bit': {
      const at = below(headerBytes);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << below(8)), at);
      return { what: 'a bit of the header', bytes: changed };
    }
    case 'count': {
      const { at, width } = pick(counts);
      write(changed, at, width);
      return { what: 'version or a count', bytes: changed };
    }
    case 'entry': {
      const at = after(changed, pick(keys));
      // The type of the value, or the value itself.
      write(changed, at + pick([0, 4]), 4);
      return { what: 'the type or value of an entry', bytes: changed };
    }
    case 'tensor': {
      const at = changed.indexOf('.weight', below(headerBytes - 100));
      if (at + 50 > changed.length || at < 0) return spoilHeader(original, random);
      // Behind the name: dimensions, each size, type, offset.
      write(changed, at + 7 + below(32), pick([4, 8]));
      return { what: 'shape, type or place of a tensor', bytes: changed };
    }
    case 'anywhere':
      write(changed, below(headerBytes - 8), pick([4, 8]));
      return { what: 'an absurd number anywhere', bytes: changed };
    case 'cut':
      return {
        what: 'cut off',
        bytes: changed.subarray(0, pick([below(headerBytes), below(changed.length)])),
      };
    case 'insert': {
      const at = below(headerBytes);
      const more = Buffer.alloc(1 + below(64), below(256));
      return {
        what: 'bytes put in',
        bytes: Buffer.concat([changed.subarray(0, at), more, changed.subarray(at)]),
      };
    }
    case 'remove': {
      const at = below(headerBytes);
      const rest = changed.subarray(at + 1 + below(64));
      return { what: 'bytes taken out', bytes: Buffer.concat([changed.subarray(0, at), rest]) };
    }
    case 'repeat': {
      const from = below(headerBytes - 100);
      const at = below(headerBytes - 100);
      changed.copy(changed, at, from, from + 1 + below(99));
      return { what: 'a piece of it twice', bytes: changed };
    }
  }
}

const keys = [
  'general.architecture',
  'general.alignment',
  'general.file_type',
  'llama.context_length',
  'llama.embedding_length',
  'llama.block_count',
  'llama.feed_forward_length',
  'llama.attention.head_count',
  'llama.rope.dimension_count',
  'tokenizer.ggml.tokens',
] as const;

function after(bytes: Buffer, key: string): number {
  const at = bytes.indexOf(key);
  if (at < 0) throw new Error(`the file has no ${key}`);
  return at + key.length;
}
