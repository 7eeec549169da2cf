import { expect, it } from 'vitest';
import { readTextFile } from './read-text-file.ts';

const file = (bytes: Uint8Array<ArrayBuffer>) => ({
  size: bytes.byteLength,
  arrayBuffer: async () => bytes.buffer,
});
const encoded = (text: string) => file(new TextEncoder().encode(text));

it('reads UTF-8, drops a byte order mark and makes line ends the same', async () => {
  expect(await readTextFile(encoded('\uFEFFfièvre\r\n38,5 °C\n'))).toEqual({
    ok: true,
    value: 'fièvre\n38,5 °C\n',
  });
});

it.each([
  ['Latin-1 bytes', file(Uint8Array.from([0x66, 0xe8, 0x76])), 'file-not-text'],
  ['a NUL', encoded('a\0b'), 'file-not-text'],
  ['a PNG', file(Uint8Array.from([0x89, 0x50, 0x4e, 0x47])), 'file-not-text'],
  ['one character too many', encoded('a'.repeat(400_001)), 'file-too-large'],
])('refuses %s with a sentence', async (_name, bad, code) => {
  const result = await readTextFile(bad);
  expect(result.ok ? 'read' : result.error.code).toBe(code);
});

it('says so when the file cannot be read', async () => {
  const gone = {
    size: 10,
    arrayBuffer: async () => {
      throw new DOMException('gone', 'NotReadableError');
    },
  };
  const result = await readTextFile(gone);
  expect(result.ok ? 'read' : result.error.code).toBe('file-unreadable');
});

it('does not read a file that cannot fit', async () => {
  const huge = {
    size: 2_000_000,
    arrayBuffer: async () => {
      throw new Error('was read');
    },
  };
  expect((await readTextFile(huge)).ok).toBe(false);
});
