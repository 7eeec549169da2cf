/**
 * Encodes GGUF version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), as far as a small
 * llama-architecture model with 32-bit weights needs it. Little endian, like the format.
 */

export type GgufValue =
  | { readonly type: 'uint32'; readonly value: number }
  | { readonly type: 'float32'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'float32s'; readonly value: readonly number[] }
  | { readonly type: 'int32s'; readonly value: readonly number[] };

/** `shape` in GGUF order: the fastest-changing dimension first. */
export type GgufTensor = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
};

const alignmentBytes = 32;
const tensorTypeFloat32 = 0;
const valueTypes = { uint32: 4, int32: 5, float32: 6, boolean: 7, string: 8, array: 9 } as const;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32s(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes;
}

function int32s(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeInt32LE(value, index * 4));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function arrayOf(elementType: number, count: number, elements: Buffer): Buffer {
  return Buffer.concat([uint32(valueTypes.array), uint32(elementType), uint64(count), elements]);
}

function encodeValue(entry: GgufValue): Buffer {
  switch (entry.type) {
    case 'uint32':
      return Buffer.concat([uint32(valueTypes.uint32), uint32(entry.value)]);
    case 'float32':
      return Buffer.concat([uint32(valueTypes.float32), float32s([entry.value])]);
    case 'boolean':
      return Buffer.concat([uint32(valueTypes.boolean), Buffer.from([entry.value ? 1 : 0])]);
    case 'string':
      return Buffer.concat([uint32(valueTypes.string), text(entry.value)]);
    case 'strings':
      return arrayOf(valueTypes.string, entry.value.length, Buffer.concat(entry.value.map(text)));
    case 'float32s':
      return arrayOf(valueTypes.float32, entry.value.length, float32s(entry.value));
    case 'int32s':
      return arrayOf(valueTypes.int32, entry.value.length, int32s(entry.value));
  }
}

function aligned(sizeBytes: number): number {
  return Math.ceil(sizeBytes / alignmentBytes) * alignmentBytes;
}

function padding(sizeBytes: number): Buffer {
  return Buffer.alloc(aligned(sizeBytes) - sizeBytes);
}

/** The whole file as bytes; the same input gives the same bytes on every machine. */
export function encodeGguf(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Buffer {
  const entries = Object.entries(metadata);
  const header: Buffer[] = [
    Buffer.from('GGUF', 'latin1'),
    uint32(3),
    uint64(tensors.length),
    uint64(entries.length),
  ];
  for (const [key, value] of entries) header.push(text(key), encodeValue(value));

  const data: Buffer[] = [];
  let offset = 0;
  for (const tensor of tensors) {
    const expected = tensor.shape.reduce((product, length) => product * length, 1);
    if (tensor.values.length !== expected)
      throw new Error(`Tensor ${tensor.name} does not have the size of its shape`);
    header.push(text(tensor.name), uint32(tensor.shape.length), ...tensor.shape.map(uint64));
    header.push(uint32(tensorTypeFloat32), uint64(offset));
    const bytes = Buffer.alloc(tensor.values.length * 4);
    tensor.values.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
    data.push(bytes, padding(bytes.length));
    offset += aligned(bytes.length);
  }

  const head = Buffer.concat(header);
  return Buffer.concat([head, padding(head.length), ...data]);
}
