import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { storedZip } from './stored-zip.ts';

type Contents = readonly (readonly [name: string, content: Buffer])[];

function ours(contents: Contents): Buffer {
  const members = contents.map(([name, content]) => ({
    name,
    bytes: [content.subarray(0, 3), content.subarray(3)],
  }));
  return Buffer.concat([...storedZip(members)]);
}

/** What a well-known library writes of the same members. */
function ofTheLibrary(contents: Contents): Promise<Buffer> {
  const zip = new ZipFile();
  const noon = new Date(1980, 0, 1, 12);
  for (const [name, content] of contents)
    zip.addReadStreamLazy(
      name,
      { mtime: noon, mode: 0o100644, compress: false, forceDosTimestamp: true },
      (give) => {
        give(null, Readable.from([content]));
      },
    );
  zip.end();
  return buffer(zip.outputStream);
}

it.each<[string, Contents]>([
  ['nothing', []],
  ['an empty file', [['a.txt', Buffer.alloc(0)]]],
  [
    'some files',
    [
      ['a.txt', Buffer.from('a text')],
      ['folder/b.bin', Buffer.alloc(100_000, 7)],
    ],
  ],
  [
    'more files than 16 bits count',
    Array.from({ length: 65_540 }, (_, n) => [`f/${n}`, Buffer.from('x')] as const),
  ],
])('%s: the same bytes as a library writes', async (_, contents) => {
  expect(ours(contents).equals(await ofTheLibrary(contents))).toBe(true);
});

const python = process.env['CLOISTER_PYTHON'];
const list = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
print([(entry.filename, entry.file_size, entry.header_offset) for entry in archive.infolist()])
print(archive.read('small'))
`;

it.skipIf(python === undefined)(
  'a file, and a place, that 32 bits cannot hold are read by another program',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloister-zip-'));
    const path = join(folder, 'large.zip');
    const piece = Buffer.alloc(1 << 26);
    const pieces = 65;
    const bytes = storedZip([
      { name: 'large', bytes: Array.from({ length: pieces }, () => piece) },
      { name: 'small', bytes: [Buffer.from('behind it')] },
    ]);
    const file = openSync(path, 'w');
    let at = 0;
    for (const written of bytes) {
      // Zeros are left out: a file with a hole takes no room on the disk.
      if (written !== piece) writeSync(file, written, 0, written.byteLength, at);
      at += written.byteLength;
    }
    ftruncateSync(file, at);
    closeSync(file);
    const run = spawnSync(python ?? '', ['-I', '-S', '-c', list, path], { encoding: 'utf8' });
    const size = pieces * piece.byteLength;
    expect(run.stderr).toBe('');
    expect(run.stdout).toBe(`[('large', ${size}, 0), ('small', 9, ${size + 35 + 24})]\nb'behind it'\n`);
    rmSync(folder, { recursive: true });
  },
);
