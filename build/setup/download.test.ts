import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadFile } from './download.mjs';

const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let folder = '';
let close: () => Promise<void> = () => Promise.resolve();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-download-'));
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

/** A real server on the loopback; `seen` is the Range header of each request. */
async function serve(answer: Answer): Promise<{ url: string; seen: (string | undefined)[] }> {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.range);
    answer(request, response, seen.length);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  close = () =>
    new Promise((done) => {
      server.closeAllConnections();
      server.close(() => {
        done();
      });
    });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}/file`, seen };
}

const withRange: Answer = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) {
    response.writeHead(200, { 'content-length': content.length }).end(content);
  } else if (start >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  } else {
    response
      .writeHead(206, {
        'content-length': content.length - start,
        'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
      })
      .end(content.subarray(start));
  }
};

function download(url: string, more: { sha256?: string; lines?: string[] } = {}): Promise<void> {
  return downloadFile({
    url,
    to: join(folder, 'file'),
    sha256: more.sha256 ?? sha256,
    label: 'The test file',
    tries: 3,
    waitMs: 1,
    silenceMs: 2_000,
    out: { isTTY: false, write: (text: string) => more.lines?.push(text) },
  });
}

const arrived = (): Buffer => readFileSync(join(folder, 'file'));
const part = (): string => join(folder, 'file.part');

describe('downloading a file', () => {
  it('brings the whole file, says how far it is every ten percent, and leaves no part behind', async () => {
    const { url } = await serve(withRange);
    const lines: string[] = [];
    await download(url, { lines });
    expect(arrived().equals(content)).toBe(true);
    expect(existsSync(part())).toBe(false);
    expect(lines.length).toBeLessThanOrEqual(11);
    expect(lines.at(-1)).toContain('100 %');
  });

  it('goes on where an earlier run stopped', async () => {
    const { url, seen } = await serve(withRange);
    writeFileSync(part(), content.subarray(0, 100_000));
    await download(url);
    expect(seen).toEqual(['bytes=100000-']);
    expect(arrived().equals(content)).toBe(true);
  });

  it('asks for nothing twice when an earlier run had all of it', async () => {
    const { url, seen } = await serve(withRange);
    writeFileSync(part(), content);
    await download(url);
    expect(seen).toEqual([`bytes=${content.length}-`]);
    expect(arrived().equals(content)).toBe(true);
  });

  it('starts again from the first byte when the server knows no ranges', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': content.length }).end(content);
    });
    writeFileSync(part(), randomBytes(50_000));
    await download(url);
    expect(arrived().equals(content)).toBe(true);
  });

  it('drops a kept part that is longer than the file, and starts again', async () => {
    const { url } = await serve(withRange);
    writeFileSync(part(), Buffer.concat([content, Buffer.from('more')]));
    await download(url);
    expect(arrived().equals(content)).toBe(true);
  });

  it('goes on within one run when the connection breaks in the middle', async () => {
    const { url, seen } = await serve((request, response, count) => {
      if (count > 1) {
        withRange(request, response, count);
        return;
      }
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 120_000), () => {
        setImmediate(() => response.destroy());
      });
    });
    await download(url);
    expect(seen).toHaveLength(2);
    expect(arrived().equals(content)).toBe(true);
  });

  it('deletes a file with the wrong hash and names both hashes', async () => {
    const { url } = await serve(withRange);
    const expected = '0'.repeat(64);
    await expect(download(url, { sha256: expected })).rejects.toThrow(
      new RegExp(`${sha256}, expected ${expected}. It has been deleted`, 'u'),
    );
    expect(existsSync(part())).toBe(false);
    expect(existsSync(join(folder, 'file'))).toBe(false);
  });

  it('does not try again what the server refuses, and says what it answered', async () => {
    const { url, seen } = await serve((_request, response) => response.writeHead(404).end());
    await expect(download(url)).rejects.toThrow(/answered 404/u);
    expect(seen).toHaveLength(1);
  });

  it('tries again when the server is out of order, then says after how many attempts it gave up', async () => {
    const { url, seen } = await serve((_request, response) => response.writeHead(503).end());
    await expect(download(url)).rejects.toThrow(/after 3 attempts: the server answered 503/u);
    expect(seen).toHaveLength(3);
  });

  it('says in a sentence that nothing answers, and keeps what came earlier', async () => {
    const { url } = await serve(withRange);
    await close();
    close = () => Promise.resolve();
    writeFileSync(part(), content.subarray(0, 10));
    await expect(download(url)).rejects.toThrow(
      /could not be downloaded .* is kept.* Check the network connection/su,
    );
    expect(readFileSync(part())).toHaveLength(10);
  });
});
