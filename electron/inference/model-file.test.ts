import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HashedFile } from '../links/hashed-file.ts';
import { verifyModelFile } from './model-file.ts';

const bytes = Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(9 * 1024 * 1024, 7)]);
const sha256 = createHash('sha256').update(bytes).digest('hex');
let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-verify-'));
  path = join(folder, 'model.gguf');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function verify(
  onProgress: (fraction: number) => void = () => undefined,
  signal = new AbortController().signal,
  hashed: HashedFile | null = null,
) {
  return verifyModelFile({ path, sizeBytes: bytes.length, sha256, hashed, onProgress, signal });
}

test('the approved file passes, with progress up to the whole', async () => {
  writeFileSync(path, bytes);
  const fractions: number[] = [];
  const verified = await verify((fraction) => fractions.push(fraction));
  if (!verified.ok) throw new Error(verified.error.message);
  expect({
    unchanged: await verified.value.isUnchanged(),
    steps: fractions.length,
    last: fractions.at(-1),
  }).toEqual({
    unchanged: true,
    steps: 3,
    last: 1,
  });
  await verified.value.close();
});

const changed = Buffer.from(bytes);
changed[5_000_000] = 8;
test.each([
  ['a missing file', () => undefined, 'model-missing'],
  ['a folder of that name', () => mkdirSync(path), 'model-missing'],
  ['an incomplete file', () => writeFileSync(path, bytes.subarray(0, 5_000_000)), 'model-truncated'],
  ['an empty file', () => writeFileSync(path, ''), 'model-truncated'],
  ['a file of another kind', () => writeFileSync(path, 'This is a letter.'), 'model-not-gguf'],
  ['a file with one byte changed', () => writeFileSync(path, changed), 'model-wrong-hash'],
  [
    'a file with something added',
    () => writeFileSync(path, Buffer.concat([bytes, bytes])),
    'model-wrong-hash',
  ],
])('%s is told apart, says what to do, and names no path', async (_, prepare, code) => {
  prepare();
  const verified = await verify();
  expect(verified).toMatchObject({
    ok: false,
    error: { code, message: expect.stringMatching(/Your records are kept.*Tell IT/) },
  });
  if (!verified.ok) expect(verified.error.message).not.toContain(folder);
});

test('a file that is exchanged or written after the check is noticed', async () => {
  writeFileSync(path, bytes);
  const exchanged = await verify();
  writeFileSync(join(folder, 'other'), changed);
  renameSync(join(folder, 'other'), path);
  const afterExchange = exchanged.ok && (await exchanged.value.isUnchanged());

  writeFileSync(path, bytes);
  const written = await verify();
  writeFileSync(path, changed);
  utimesSync(path, 0, 0);
  const afterWrite = written.ok && (await written.value.isUnchanged());

  expect([exchanged.ok, afterExchange, written.ok, afterWrite]).toEqual([true, false, true, false]);
  if (exchanged.ok) await exchanged.value.close();
  if (written.ok) await written.value.close();
});

test('an abort ends the reading', async () => {
  writeFileSync(path, bytes);
  const stop = new AbortController();
  await expect(verify(() => stop.abort(), stop.signal)).rejects.toThrow();
});

test('a file that was hashed before is read again when its bytes, its size, its dates or the file itself changed', async () => {
  const stepsOf = async (hashed: HashedFile | null): Promise<[string, number]> => {
    let steps = 0;
    const verified = await verify(() => (steps += 1), undefined, hashed);
    if (!verified.ok) return [verified.error.code, steps];
    await verified.value.close();
    return [verified.value.identity, steps];
  };
  writeFileSync(path, bytes);
  const [identity, steps] = await stepsOf(null);
  const hashed = { sha256, identity };
  expect([steps, await stepsOf(hashed)]).toEqual([3, [identity, 0]]);
  // Of another model, or one that was approved meanwhile.
  expect((await stepsOf({ ...hashed, sha256: '0'.repeat(64) }))[1]).toBe(3);

  // The same bytes and the same dates: only the system's own note of the change tells.
  const { atime, mtime } = statSync(path);
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
  expect((await stepsOf(hashed))[1]).toBe(3);
  // Other bytes of the same length with the dates of before.
  const again = { sha256, identity: (await stepsOf(null))[0] };
  writeFileSync(path, changed);
  utimesSync(path, atime, mtime);
  expect(await stepsOf(again)).toEqual(['model-wrong-hash', 3]);
  // Another file under the name.
  writeFileSync(join(folder, 'other'), changed);
  renameSync(join(folder, 'other'), path);
  expect(await stepsOf(again)).toEqual(['model-wrong-hash', 3]);
  writeFileSync(path, bytes.subarray(0, -1));
  expect(await stepsOf(again)).toEqual(['model-truncated', 0]);
});
