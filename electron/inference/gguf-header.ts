import type { FileHandle } from 'node:fs/promises';

/**
 * Whether the header of a GGUF file (version 2 or 3, little endian) keeps within the file: each length, count and place in
 * it. Readers that believe such numbers read for ever, or ask for all memory there is. Format:
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export async function isSoundHeader(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  try {
    await readHeader(createReader(file, size), size);
    return true;
  } catch (cause) {
    if (cause instanceof OutOfBounds) return false;
    throw cause;
  }
}

class OutOfBounds extends Error {}

type Reader = {
  number(bytes: 4 | 8): Promise<number>;
  skip(bytes: number): void;
};

const windowBytes = 1024 * 1024;

function createReader(file: FileHandle, size: number): Reader {
  let [at, from, held] = [0, 0, Buffer.alloc(0)];
  const fill = async (): Promise<void> => {
    const buffer = Buffer.alloc(Math.min(windowBytes, size - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    [from, held] = [at, buffer.subarray(0, bytesRead)];
  };
  return {
    async number(bytes) {
      if (at + bytes > size) throw new OutOfBounds();
      if (at < from || at + bytes > from + held.length) await fill();
      if (held.length < bytes) throw new OutOfBounds();
      const place = at - from;
      const value = bytes === 4 ? held.readUInt32LE(place) : Number(held.readBigUInt64LE(place));
      at += bytes;
      return value;
    },
    skip(bytes) {
      if (!(bytes >= 0 && at + bytes <= size)) throw new OutOfBounds();
      at += bytes;
    },
  };
}

/** Bytes of a value, by the type's number; strings and lists have none of their own. */
const valueBytes: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
const [stringType, listType] = [8, 9];
const deepestList = 4;
/** Of llama.cpp: GGML_MAX_DIMS. */
const mostDimensions = 4;
/** No format of weights takes less than one bit for each. */
const mostWeightsPerByte = 8;

async function readHeader(reader: Reader, size: number): Promise<void> {
  reader.skip(4);
  const version = await reader.number(4);
  if (version !== 2 && version !== 3) throw new OutOfBounds();
  const tensors = await reader.number(8);
  const entries = await reader.number(8);
  // Each of them takes some bytes: a count beyond the file ends at the end of the file.
  for (let entry = 0; entry < entries; entry += 1) {
    await skipString(reader);
    await skipValue(reader, await reader.number(4), 0);
  }
  for (let tensor = 0; tensor < tensors; tensor += 1) await readTensor(reader, size);
}

async function skipString(reader: Reader): Promise<void> {
  reader.skip(await reader.number(8));
}

async function skipValue(reader: Reader, type: number, depth: number): Promise<void> {
  const bytes = valueBytes[type];
  if (bytes !== undefined) return reader.skip(bytes);
  if (type === stringType) return skipString(reader);
  if (type !== listType || depth === deepestList) throw new OutOfBounds();
  const itemType = await reader.number(4);
  const items = await reader.number(8);
  const itemBytes = valueBytes[itemType];
  if (itemBytes !== undefined) return reader.skip(items * itemBytes);
  for (let item = 0; item < items; item += 1) await skipValue(reader, itemType, depth + 1);
}

async function readTensor(reader: Reader, size: number): Promise<void> {
  await skipString(reader);
  const dimensions = await reader.number(4);
  if (dimensions > mostDimensions) throw new OutOfBounds();
  let weights = 1;
  for (let dimension = 0; dimension < dimensions; dimension += 1) weights *= await reader.number(8);
  // Its type; llama.cpp knows which there are.
  await reader.number(4);
  const offset = await reader.number(8);
  if (offset > size || weights === 0 || weights > size * mostWeightsPerByte) throw new OutOfBounds();
}
