import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSoundHeader } from './gguf-header.ts';
import { makeTinyModel } from './tiny-model-fixture.ts';

/** More, with llama.cpp itself behind it: `npm run campaign:gguf`. */
let folder = '';
let whole = Buffer.alloc(0);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-header-'));
  const model = makeTinyModel('--layers', '2');
  whole = readFileSync(model.specification.path);
  model.remove();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function isSound(bytes: Uint8Array): Promise<boolean> {
  const path = join(folder, 'model.gguf');
  writeFileSync(path, bytes);
  const file = await open(path, 'r');
  try {
    return await isSoundHeader(file);
  } finally {
    await file.close();
  }
}

type Part = number | bigint | string;
/** Strings with their length before them, numbers in 4 bytes, bigints in 8. */
function header(...parts: readonly Part[]): Buffer {
  const bytes = parts.map((part) => {
    if (typeof part === 'string')
      return Buffer.concat([header(BigInt(part.length)).subarray(4), Buffer.from(part)]);
    const buffer = Buffer.alloc(typeof part === 'number' ? 4 : 8);
    if (typeof part === 'number') buffer.writeUInt32LE(part);
    else buffer.writeBigUInt64LE(part);
    return buffer;
  });
  return Buffer.concat([Buffer.from('GGUF'), ...bytes]);
}
const [string, list, uint8, uint64] = [8, 9, 0, 10];
const most = 2n ** 64n - 1n;

test('the header of a real model is sound, and that of one with nothing in it', async () => {
  expect([await isSound(whole), await isSound(header(3, 0n, 0n))]).toEqual([true, true]);
  const all = header(
    3,
    1n,
    2n,
    'a.b',
    list,
    string,
    2n,
    'one',
    'two',
    'c',
    uint64,
    5n,
    'w',
    2,
    4n,
    2n,
    0,
    0n,
  );
  expect(await isSound(all)).toBe(true);
});

test.each([
  ['nothing behind the magic', header()],
  ['version 1, whose counts are shorter', header(1, 0n, 0n)],
  ['version 3 of the other byte order', header(0x0300_0000, 0n, 0n)],
  ['more entries than there are', header(3, 0n, most)],
  ['more tensors than there are', header(3, most, 0n)],
  ['a name longer than the file', header(3, 0n, 1n, most)],
  ['a value of no known type', header(3, 0n, 1n, 'a', 13, 0n)],
  ['a text longer than the file', header(3, 0n, 1n, 'a', string, 2n ** 40n)],
  ['a list longer than the file', header(3, 0n, 1n, 'a', list, uint8, 2n ** 53n)],
  ['a list of texts longer than the file', header(3, 0n, 1n, 'a', list, string, most, 'one')],
  [
    'lists in lists without end',
    header(
      3,
      0n,
      1n,
      'a',
      ...Array.from({ length: 9 }, () => [list, 1n])
        .flat()
        .slice(0, -1),
      9n,
    ),
  ],
  ['a tensor of too many dimensions', header(3, 1n, 0n, 'w', 0xffff_ffff, 1n, 1n)],
  ['a tensor of a size of 0', header(3, 1n, 0n, 'w', 1, 0n, 0, 0n)],
  ['a tensor that is larger than the file', header(3, 1n, 0n, 'w', 2, 2n ** 32n, 2n ** 31n, 0, 0n)],
  ['a tensor beyond the end', header(3, 1n, 0n, 'w', 1, 1n, 0, 2n ** 40n)],
])('%s is found out', async (_what, bytes) => {
  expect(await isSound(bytes)).toBe(false);
});

test('each beginning of a header is found out', async () => {
  const end = whole.lastIndexOf('.weight');
  for (let bytes = 0; bytes < end; bytes += 97) expect(await isSound(whole.subarray(0, bytes))).toBe(false);
});

test('whatever stands in it, the reading comes to an end', async () => {
  const headerBytes = whole.lastIndexOf('.weight') + 40;
  const changes = fc.array(
    fc.record({ at: fc.nat(headerBytes - 8), value: fc.bigInt({ min: 0n, max: most }) }),
    { minLength: 1, maxLength: 3 },
  );
  await fc.assert(
    fc.asyncProperty(changes, async (drawn) => {
      const bytes = Buffer.from(whole);
      for (const { at, value } of drawn) bytes.writeBigUInt64LE(value, at);
      expect(typeof (await isSound(bytes))).toBe('boolean');
    }),
    { numRuns: 300 },
  );
});
