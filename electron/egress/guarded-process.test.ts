import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DownloadOrder } from '../links/egress-control.ts';
import { makeAuthority } from './certificate-fixture.ts';
import {
  serveBytes,
  serveSlowly,
  startModelHost,
  type Answering,
  type ModelHost,
} from './model-host-fixture.ts';

/**
 * The download in a process of its own, behind the guard with its door, as in the app; only Electron's line to main is
 * left out here (e2e/specs/model-download.spec.ts has it).
 */
const folder = mkdtempSync(join(tmpdir(), 'cloister-egress-process-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const source = (path: string): string => JSON.stringify(join(import.meta.dirname, path));
const beginning = `
  import net from 'node:net'; import tls from 'node:tls'; import https from 'node:https'; import http from 'node:http'; import http2 from 'node:http2';
  import dns from 'node:dns'; import dgram from 'node:dgram';
  const { installNetworkGuard } = await import(${source('../links/network-guard.ts')});
  const { isAllowedHost } = await import(${source('../links/download-hosts.ts')});
  const { hosts, order } = JSON.parse(process.env.JOB);
  const blocked = [];
  installNetworkGuard({ onBlocked: (api) => blocked.push(api), door: (host, port) => isAllowedHost(hosts, host, port) });
  process.on('uncaughtException', () => {});
`;
const fetching = `${beginning}
  const { fetchFile, usualPace } = await import(${source('fetch-file.ts')});
  const { createSecureRequest } = await import(${source('secure-request.ts')});
  const failure = await fetchFile(order, {
    request: createSecureRequest(order.authority), onProgress: () => {}, wait: async () => {}, pace: usualPace,
  });
  console.log(JSON.stringify({ failure, blocked }));
`;

type Job = { readonly hosts: readonly string[]; readonly order?: DownloadOrder };

function start(script: string, job: Job, environment: Record<string, string> = {}): ChildProcess {
  const path = join(mkdtempSync(join(folder, 'script-')), 'script.mjs');
  writeFileSync(path, script);
  return spawn(process.execPath, ['--no-deprecation', path], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', JOB: JSON.stringify(job), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += String(chunk)));
  await once(child, 'close');
  return JSON.parse(text);
}

const file = randomBytes(2_000_000);
const authority = makeAuthority();
const certificate = authority.issue({ names: ['localhost'] });
let host: ModelHost;
let answering: Answering;
let order: DownloadOrder;
beforeEach(async () => {
  answering = serveBytes(file);
  host = await startModelHost(certificate, (question, answer) => {
    answering(question, answer);
  });
  order = {
    url: `https://localhost:${host.port}/model.gguf`,
    hosts: [`localhost:${host.port}`],
    authority: authority.base64,
    sizeBytes: file.length,
    sha256: createHash('sha256').update(file).digest('hex'),
    partPath: join(mkdtempSync(join(folder, 'models-')), 'model.gguf.part'),
  };
});
afterEach(() => host.close());

describe('the process that downloads', () => {
  it('brings a file through the door', async () => {
    expect(await answerOf(start(fetching, { hosts: order.hosts, order }))).toEqual({
      failure: null,
      blocked: [],
    });
    expect(readFileSync(order.partPath).equals(file)).toBe(true);
  });

  it('goes on after it was killed in the middle, from the very byte where it was', async () => {
    answering = serveSlowly(file, 20_000, 10);
    const killed = start(fetching, { hosts: order.hosts, order });
    await expect
      .poll(() => (existsSync(order.partPath) ? statSync(order.partPath).size : 0), {
        timeout: 20_000,
        interval: 20,
      })
      .toBeGreaterThan(100_000);
    killed.kill('SIGKILL');
    await once(killed, 'close');
    const { size } = statSync(order.partPath);
    expect(size).toBeLessThan(file.length);
    answering = serveBytes(file);
    expect(await answerOf(start(fetching, { hosts: order.hosts, order }))).toEqual({
      failure: null,
      blocked: [],
    });
    expect(host.asked.map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${size}-`]);
    expect(readFileSync(order.partPath).equals(file)).toBe(true);
  });

  it('takes no proxy and no authority from its environment', async () => {
    const stranger = makeAuthority();
    const pem = join(folder, 'stranger.pem');
    writeFileSync(pem, stranger.pem);
    const dead = 'http://127.0.0.1:9';
    const environment = {
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: dead,
      https_proxy: dead,
      ALL_PROXY: dead,
      NODE_EXTRA_CA_CERTS: pem,
      SSL_CERT_FILE: pem,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    };
    const through = start(fetching, { hosts: order.hosts, order }, environment);
    expect(await answerOf(through)).toEqual({ failure: null, blocked: [] });

    const other = await startModelHost(stranger.issue({ names: ['localhost'] }), serveBytes(file));
    const stranded = {
      ...order,
      url: `https://localhost:${other.port}/x`,
      hosts: [`localhost:${other.port}`],
      partPath: `${order.partPath}.part`,
    };
    for (const ownAuthority of [null, authority.base64]) {
      const job = { hosts: stranded.hosts, order: { ...stranded, authority: ownAuthority } };
      expect(await answerOf(start(fetching, job, environment))).toEqual({
        failure: 'not-secure',
        blocked: [],
      });
    }
    expect(other.asked).toEqual([]);
    await other.close();
  });

  it('is held to the door by its sockets too, where what it was told to ask is another host', async () => {
    expect(await answerOf(start(fetching, { hosts: ['elsewhere.example'], order }))).toEqual({
      failure: 'foreign-host',
      blocked: ['net.Socket.connect'],
    });
    expect(host.connections()).toBe(0);
  });

  it('has no other way out than the door', async () => {
    const { port } = host;
    const attempts: Record<string, string> = {
      [`https.request('https://127.0.0.1:${port}/')`]: 'net.Socket.connect',
      [`https.request('https://localhost:9/')`]: 'net.Socket.connect',
      [`https.get('https://127.0.0.1:${port}/')`]: 'net.Socket.connect',
      [`http2.connect('https://127.0.0.1:${port}/')`]: 'net.Socket.connect',
      [`http.request('http://localhost:${port}/')`]: 'net.createConnection',
      [`tls.connect(9, 'localhost')`]: 'net.Socket.connect',
      [`tls.connect({ port: ${port} })`]: 'net.Socket.connect',
      [`tls.connect({ host: 'localhost', port: ${port}, path: '/tmp/socket' })`]: 'net.Socket.connect',
      [`net.connect(${port}, 'localhost')`]: 'net.connect',
      [`new net.Socket().connect(${port}, 'localhost')`]: 'net.Socket.connect',
      [`new net.Socket().connect('/tmp/socket')`]: 'net.Socket.connect',
      [`net.createServer().listen(0)`]: 'net.Server.listen',
      [`dns.lookup('elsewhere.example', () => {})`]: 'dns.lookup',
      [`dns.promises.lookup('localhost')`]: 'dns.promises.lookup',
      [`dns.resolve('localhost', () => {})`]: 'dns.resolve',
      [`dgram.createSocket('udp4')`]: 'dgram.createSocket',
      [`fetch('https://localhost:${port}/')`]: 'fetch',
      [`new WebSocket('wss://localhost:${port}/')`]: 'WebSocket',
    };
    const script = `${beginning}
      const results = {};
      for (const [name, act] of Object.entries({ ${Object.keys(attempts)
        .map((code) => `${JSON.stringify(code)}: async () => (${code})`)
        .join(',\n')} })) {
        blocked.length = 0;
        await act().catch(() => {});
        results[name] = blocked.join(' ');
      }
      console.log(JSON.stringify(results));
      process.exit(0);`;
    expect(await answerOf(start(script, { hosts: [`localhost:${port}`] }))).toEqual(attempts);
    expect(host.connections()).toBe(0);
  });
});
