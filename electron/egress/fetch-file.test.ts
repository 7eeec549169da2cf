import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DownloadOrder } from '../links/egress-control.ts';
import { makeAuthority } from './certificate-fixture.ts';
import { fetchFile, type FetchDeps } from './fetch-file.ts';
import {
  rangeIn,
  serveBytes,
  serveSlowly,
  serveThenCut,
  startModelHost,
  type Answering,
  type ModelHost,
} from './model-host-fixture.ts';
import { createSecureRequest } from './secure-request.ts';

/** All of this runs over real TLS connections of this computer. */

const file = randomBytes(300_000);
const sha256 = createHash('sha256').update(file).digest('hex');
const authority = makeAuthority();
const good = authority.issue({ names: ['localhost', '127.0.0.1'] });

const folder = mkdtempSync(join(tmpdir(), 'cloister-egress-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let partPath: string;
beforeEach(() => {
  partPath = join(mkdtempSync(join(folder, 'models-')), 'model.gguf.part');
});

const open: ModelHost[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host.close()));
});

async function host(answering: Answering, tls: object = good): Promise<ModelHost> {
  const started = await startModelHost(tls, answering);
  open.push(started);
  return started;
}

function orderFrom({ port }: { readonly port: number }, changed: Partial<DownloadOrder> = {}): DownloadOrder {
  return {
    url: `https://localhost:${port}/org/model/resolve/abc/model.gguf`,
    hosts: [`localhost:${port}`],
    authority: authority.base64,
    sizeBytes: file.length,
    sha256,
    partPath,
    ...changed,
  };
}

/** @param waits is told each pause, which is not made */
function fetchIt(
  order: DownloadOrder,
  changed: Partial<FetchDeps> = {},
  waits: number[] = [],
): Promise<string | null> {
  return fetchFile(order, {
    request: createSecureRequest(order.authority),
    onProgress: () => undefined,
    wait: async (milliseconds) => void waits.push(milliseconds),
    pace: { everyMs: 60_000, bytes: 1 },
    ...changed,
  });
}

const fetched = (): Buffer => readFileSync(partPath);

describe('a download', () => {
  it('brings the file, says how much has come, and asks as nobody in particular', async () => {
    const decent = await host(serveBytes(file));
    const seen: number[] = [];
    expect(await fetchIt(orderFrom(decent), { onProgress: (bytes) => seen.push(bytes) })).toBe(null);
    expect(fetched().equals(file)).toBe(true);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect([seen[0], seen.at(-1)]).toEqual([0, file.length]);
    expect(decent.asked).toEqual([
      {
        url: '/org/model/resolve/abc/model.gguf',
        headers: {
          host: `localhost:${decent.port}`,
          'user-agent': 'Cloister',
          accept: '*/*',
          'accept-encoding': 'identity',
          connection: 'close',
        },
      },
    ]);
  });

  it('leaves a file that only its owner may read', async () => {
    await fetchIt(orderFrom(await host(serveBytes(file))));
    expect(statSync(partPath).mode & 0o777).toBe(0o600);
  });

  it('goes on where the line broke, as often as it gets further', async () => {
    const bad = await host(serveThenCut(file, 50_000));
    const waits: number[] = [];
    expect(await fetchIt(orderFrom(bad), {}, waits)).toBe(null);
    expect(fetched().equals(file)).toBe(true);
    const from = bad.asked.map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')));
    // Where the line is cut, some of what was sent does not arrive.
    expect(from.slice(0, 1)).toEqual([0]);
    expect(from.length).toBeGreaterThanOrEqual(6);
    expect(from).toEqual([...new Set(from)].toSorted((a, b) => a - b));
    expect(new Set(waits)).toEqual(new Set([1000]));
  });

  it('goes on with what an earlier process left', async () => {
    writeFileSync(partPath, file.subarray(0, 123_456));
    const decent = await host(serveBytes(file));
    expect(await fetchIt(orderFrom(decent))).toBe(null);
    expect(fetched().equals(file)).toBe(true);
    expect(decent.asked.map(({ headers }) => headers.range)).toEqual(['bytes=123456-']);
  });

  it('asks nobody for a file that is whole already', async () => {
    writeFileSync(partPath, file);
    const decent = await host(serveBytes(file));
    expect(await fetchIt(orderFrom(decent))).toBe(null);
    expect(decent.connections()).toBe(0);
  });

  it('begins anew where what lies there is longer than the file', async () => {
    writeFileSync(partPath, Buffer.concat([file, Buffer.from('x')]));
    expect(await fetchIt(orderFrom(await host(serveBytes(file))))).toBe(null);
    expect(fetched().equals(file)).toBe(true);
  });

  it('takes the whole file from a host that ignores the range', async () => {
    writeFileSync(partPath, randomBytes(1000));
    const whole: Answering = (_question, answer) => {
      answer.writeHead(200, { 'content-length': file.length }).end(file);
    };
    expect(await fetchIt(orderFrom(await host(whole)))).toBe(null);
    expect(fetched().equals(file)).toBe(true);
  });

  it('gives up on a host that ignores the range and always breaks at the same place', async () => {
    const stuck: Answering = (_question, answer) => {
      answer.writeHead(200, { 'content-length': file.length });
      answer.write(file.subarray(0, 1000), () => setTimeout(() => answer.destroy(), 10));
    };
    const waits: number[] = [];
    const host1 = await host(stuck);
    expect(await fetchIt(orderFrom(host1), {}, waits)).toBe('interrupted');
    expect(host1.asked).toHaveLength(5);
    expect(waits).toEqual([1000, 2000, 4000, 8000]);
    expect(fetched()).toHaveLength(1000);
  });

  it('tries again while a host is busy', async () => {
    let times = 0;
    const busy: Answering = (question, answer) => {
      times += 1;
      if (times < 3) answer.writeHead(times === 1 ? 503 : 429).end('later');
      else serveBytes(file)(question, answer);
    };
    expect(await fetchIt(orderFrom(await host(busy)))).toBe(null);
  });
});

describe('a redirect', () => {
  it('is followed to a host of the list, with the range', async () => {
    writeFileSync(partPath, file.subarray(0, 100));
    const storage = await host(serveBytes(file));
    const hub = await host((_question, answer) => {
      answer
        .writeHead(302, { location: `https://localhost:${storage.port}/blob?signed=1`, 'set-cookie': 'a=b' })
        .end();
    });
    const hosts = [`localhost:${hub.port}`, `localhost:${storage.port}`];
    expect(await fetchIt(orderFrom(hub, { hosts }))).toBe(null);
    expect(fetched().equals(file)).toBe(true);
    expect(storage.asked.map(({ url, headers }) => [url, headers.range, headers.cookie])).toEqual([
      ['/blob?signed=1', 'bytes=100-', undefined],
    ]);
  });

  it('may name a path alone', async () => {
    const moved: Answering = (question, answer) => {
      if (question.url === '/new') serveBytes(file)(question, answer);
      else answer.writeHead(307, { location: '/new' }).end();
    };
    expect(await fetchIt(orderFrom(await host(moved)))).toBe(null);
  });

  it.each([
    ['another port', (port: number) => `https://localhost:${port}/x`],
    ['another name', (port: number) => `https://127.0.0.1:${port}/x`],
    ['a user', (_port: number, own: number) => `https://user@localhost:${own}/x`],
    ['plain HTTP', (_port: number, own: number) => `http://localhost:${own}/x`],
    ['a file', () => 'file:///etc/passwd'],
  ])('to %s is refused, and nobody is asked there', async (_what, to) => {
    const foreign = await host(serveBytes(file));
    const hub: ModelHost = await host((_question, answer) => {
      answer.writeHead(302, { location: to(foreign.port, hub.port) }).end();
    });
    expect(await fetchIt(orderFrom(hub))).toBe('foreign-host');
    expect([foreign.connections(), hub.asked.length]).toEqual([0, 1]);
  });

  it('that never ends is left, and so is one that leads nowhere', async () => {
    const round = await host((_question, answer) => {
      answer.writeHead(302, { location: '/again' }).end();
    });
    expect(await fetchIt(orderFrom(round))).toBe('not-there');
    expect(round.asked).toHaveLength(6);
    const nowhere = await host((_question, answer) => {
      answer.writeHead(302).end();
    });
    expect(await fetchIt(orderFrom(nowhere))).toBe('not-there');
  });
});

describe('a host that cannot prove who it is', () => {
  const stranger = makeAuthority();
  const past = new Date(Date.now() - 1000);
  const future = new Date(Date.now() + 86_400_000);
  it.each([
    ['an expired certificate', authority.issue({ names: ['localhost'], to: past })],
    ['a certificate of tomorrow', authority.issue({ names: ['localhost'], from: future })],
    ['a certificate for another host', authority.issue({ names: ['other.example'] })],
    ["another authority's certificate", stranger.issue({ names: ['localhost'] })],
    ['a certificate that it signed itself', makeAuthority('localhost').selfSigned()],
    ['TLS 1.1', { ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }],
  ])('with %s is asked for nothing', async (_what, tls) => {
    const bad = await host(serveBytes(file), tls);
    expect(await fetchIt(orderFrom(bad))).toBe('not-secure');
    expect([bad.asked.length, bad.connections()]).toEqual([0, 1]);
    expect(fetched()).toHaveLength(0);
  });

  it('is not believed by the public authorities either', async () => {
    const own = await host(serveBytes(file));
    expect(await fetchIt(orderFrom(own, { authority: null }))).toBe('not-secure');
    expect(own.asked).toEqual([]);
  });

  it('with TLS 1.2 is good enough', async () => {
    const old = await host(serveBytes(file), { ...good, maxVersion: 'TLSv1.2' });
    expect(await fetchIt(orderFrom(old))).toBe(null);
  });
});

describe('what is not the file is refused', () => {
  it('wrong bytes, which are thrown away', async () => {
    const wrong = Buffer.from(file);
    wrong[200_000] = (wrong[200_000] ?? 0) ^ 1;
    expect(await fetchIt(orderFrom(await host(serveBytes(wrong))))).toBe('wrong-content');
    expect(fetched()).toHaveLength(0);
  });

  it('a beginning that was spoiled, of which the next download brings a new one', async () => {
    writeFileSync(partPath, randomBytes(1000));
    const decent = await host(serveBytes(file));
    expect(await fetchIt(orderFrom(decent))).toBe('wrong-content');
    expect(await fetchIt(orderFrom(decent))).toBe(null);
    expect(decent.asked.map(({ headers }) => headers.range)).toEqual(['bytes=1000-', undefined]);
  });

  it.each([
    ['a shorter file', file.subarray(0, 299_999)],
    ['a longer file', Buffer.concat([file, Buffer.from('x')])],
  ])('%s, before a byte of it is taken', async (_what, bytes) => {
    const other = await host(serveBytes(bytes));
    expect(await fetchIt(orderFrom(other))).toBe('wrong-length');
    expect(fetched()).toHaveLength(0);
    writeFileSync(partPath, file.subarray(0, 1000));
    expect(await fetchIt(orderFrom(other))).toBe('wrong-length');
    expect(fetched()).toHaveLength(1000);
  });

  it('a file that does not reach to where the earlier one was', async () => {
    writeFileSync(partPath, file.subarray(0, 1000));
    expect(await fetchIt(orderFrom(await host(serveBytes(file.subarray(0, 500)))))).toBe('wrong-length');
  });

  it('more bytes than there can be, from a host that does not say how many come', async () => {
    const endless: Answering = (_question, answer) => {
      answer.writeHead(200);
      const more = (): void => void answer.write(file, () => setImmediate(more));
      more();
    };
    expect(await fetchIt(orderFrom(await host(endless)))).toBe('wrong-length');
    expect(fetched()).toHaveLength(0);
  });

  it('a file that is cut off, by a host that does not say how much comes', async () => {
    const short: Answering = (question, answer) => {
      const from = rangeIn(question) ?? 0;
      const range = { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` };
      answer.writeHead(from === 0 ? 200 : 206, from === 0 ? {} : range).end(file.subarray(from, 200_000));
    };
    expect(await fetchIt(orderFrom(await host(short)))).toBe('interrupted');
    expect(fetched()).toHaveLength(200_000);
  });

  it.each([
    ['a page for people', { 'content-type': 'text/html; charset=utf-8' }],
    ['a message for programs', { 'content-type': 'application/json' }],
    ['a compressed answer', { 'content-encoding': 'gzip' }],
  ])('%s', async (_what, headers) => {
    const page = await host((_question, answer) => {
      answer.writeHead(200, headers).end('<html>');
    });
    expect(await fetchIt(orderFrom(page))).toBe('not-a-file');
    expect(page.asked).toHaveLength(1);
  });

  it.each([401, 403, 404, 410])('an answer %i, at once', async (status) => {
    const host1 = await host((_question, answer) => {
      answer.writeHead(status).end();
    });
    expect(await fetchIt(orderFrom(host1))).toBe('not-there');
    expect(host1.asked).toHaveLength(1);
  });

  it('another range than the one that was asked for', async () => {
    writeFileSync(partPath, file.subarray(0, 1000));
    const other = await host((_question, answer) => {
      const headers = { 'content-range': `bytes 500-${file.length - 1}/${file.length}` };
      answer.writeHead(206, headers).end(file.subarray(500));
    });
    expect(await fetchIt(orderFrom(other))).toBe('wrong-length');
    expect(fetched()).toHaveLength(1000);
  });
});

describe('a host that holds the line', () => {
  const pace = { everyMs: 100, bytes: 1000 };

  it('without a word is left', async () => {
    const silent = await host(() => undefined);
    expect(await fetchIt(orderFrom(silent), { pace })).toBe('stalled');
    expect(silent.asked).toHaveLength(5);
  });

  it('with a byte now and then is left, and what came is kept', async () => {
    const slow = serveSlowly(file, 1, 10);
    const host1 = await host(slow);
    const stop = { calls: 0 };
    const wait = async (): Promise<void> => {
      stop.calls += 1;
      // Each attempt brings a few bytes, so it would be made for ever: here it is seen three times.
      if (stop.calls === 3) await host1.close();
    };
    expect(await fetchIt(orderFrom(host1), { pace, wait })).toBe('unreachable');
    open.splice(0);
    expect(stop.calls).toBeGreaterThanOrEqual(3);
    const came = fetched();
    expect(came.length).toBeGreaterThan(0);
    expect(came.equals(file.subarray(0, came.length))).toBe(true);
  });

  it('before TLS is spoken is left', async () => {
    const mute = createTcpServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => mute.once('listening', resolve));
    const { port } = mute.address() as AddressInfo;
    expect(await fetchIt(orderFrom({ port }), { pace: { everyMs: 30, bytes: 1 } })).toBe('stalled');
    mute.close();
  });
});

describe('where nobody answers', () => {
  it('it is tried a few times, with pauses', async () => {
    const gone = await host(serveBytes(file));
    const order = orderFrom(gone);
    await gone.close();
    open.splice(0);
    const waits: number[] = [];
    expect(await fetchIt(order, {}, waits)).toBe('unreachable');
    expect(waits).toEqual([1000, 2000, 4000, 8000]);
  });

  it('and where somebody speaks plain HTTP, it is not secure', async () => {
    const plain = createPlainServer((_question, answer) => answer.end(file)).listen(0, '127.0.0.1');
    await new Promise((resolve) => plain.once('listening', resolve));
    const { port } = plain.address() as AddressInfo;
    expect(await fetchIt(orderFrom({ port }))).toBe('not-secure');
    plain.close();
  });
});

describe('the place on the disk', () => {
  it.each<[string, () => void]>([
    ['a link', () => symlinkSync(join(folder, 'elsewhere'), partPath)],
    ['a folder', () => mkdirSync(partPath)],
    ['in a folder that is gone', () => rmSync(join(partPath, '..'), { recursive: true })],
  ])('%s is not written to', async (_what, spoil) => {
    spoil();
    const decent = await host(serveBytes(file));
    expect(await fetchIt(orderFrom(decent))).toBe('disk-failed');
    expect(decent.connections()).toBe(0);
  });
});
