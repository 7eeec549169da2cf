import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

/** Expression tried in the guarded process, and what the guard must say of it. All of them name this machine only. */
const attempts = {
  'net.connect(9, "127.0.0.1")': 'net.connect',
  'net.createConnection(9)': 'net.createConnection',
  'net.connect("/tmp/a-unix-socket")': 'net.connect',
  'new net.Socket().connect(9, "127.0.0.1")': 'net.Socket.connect',
  'net.createServer().listen(0, "127.0.0.1")': 'net.Server.listen',
  'http.createServer().listen(0, "127.0.0.1")': 'net.Server.listen',
  'net.createServer()._listen2("127.0.0.1", 0, 4)': 'net.Server._listen2',
  'net._createServerHandle("127.0.0.1", 0, 4)': 'net._createServerHandle',
  'tls.connect(9, "127.0.0.1")': 'net.Socket.connect',
  'new tls.TLSSocket().connect(9, "127.0.0.1")': 'net.Socket.connect',
  'dgram.createSocket("udp4")': 'dgram.createSocket',
  'new dgram.Socket("udp4").bind(0)': 'dgram.Socket.bind',
  'new dgram.Socket("udp4").connect(9)': 'dgram.Socket.connect',
  'new dgram.Socket("udp6").send("x", 9, "::1")': 'dgram.Socket.send',
  'dns.lookup("localhost", () => {})': 'dns.lookup',
  'dns.lookupService("127.0.0.1", 9, () => {})': 'dns.lookupService',
  'dns.resolve("localhost", () => {})': 'dns.resolve',
  'dns.resolveTxt("localhost", () => {})': 'dns.resolveTxt',
  'dns.reverse("127.0.0.1", () => {})': 'dns.reverse',
  'new dns.Resolver().resolve4("localhost", () => {})': 'dns.Resolver.resolve4',
  'dns.promises.resolve6("localhost")': 'dns.promises.resolve6',
  'new dns.promises.Resolver().resolveMx("localhost")': 'dns.promises.Resolver.resolveMx',
  'http.get("http://127.0.0.1:9")': 'net.createConnection',
  'http.request("http://127.0.0.1:9")': 'net.createConnection',
  'new http.ClientRequest("http://127.0.0.1:9")': 'net.createConnection',
  'https.get("https://127.0.0.1:9")': 'net.Socket.connect',
  'https.request("https://127.0.0.1:9")': 'net.Socket.connect',
  'http2.connect("http://127.0.0.1:9")': 'net.connect',
  'http2.connect("https://127.0.0.1:9")': 'net.Socket.connect',
  'fetch("http://127.0.0.1:9")': 'fetch',
  'new WebSocket("ws://127.0.0.1:9")': 'WebSocket',
  'inspector.open(0, "127.0.0.1")': 'inspector.open',
  'process.binding("tcp_wrap")': 'process.binding.tcp_wrap',
  'process.binding("udp_wrap")': 'process.binding.udp_wrap',
  'process.binding("cares_wrap")': 'process.binding.cares_wrap',
  // Named imports and references of every age.
  'namedBefore.connect(9, "127.0.0.1")': 'net.connect',
  'namedBefore.lookup("localhost")': 'dns.promises.lookup',
  '(await import("node:net")).connect(9)': 'net.connect',
  '(await import("node:dns/promises")).lookup("localhost")': 'dns.promises.lookup',
  '(await import("node:https")).request("https://127.0.0.1:9")': 'net.Socket.connect',
  'require("node:dgram").createSocket("udp4")': 'dgram.createSocket',
  'require("net").connect(9)': 'net.connect',
  'copiedBefore.connect(9, "127.0.0.1")': 'net.Socket.connect',
  'copiedBefore.request("http://127.0.0.1:9")': 'net.createConnection',
  'copiedBefore.createSocket("udp4").send("x", 9, "127.0.0.1")': 'dgram.Socket.send',
  // Not port 9 here: fetch itself refuses that one.
  'copiedBefore.fetch("http://127.0.0.1:40009")': 'net.connect',
} as const;

/** What must still work, and cannot be taken as a refusal. */
const harmless = ['net.isIP("127.0.0.1")', 'process.binding("util")', 'new net.Socket().destroy().destroyed'];

type Outcome = { readonly outcome: string; readonly reported: readonly string[] };

const folder = mkdtempSync(join(tmpdir(), 'network-guard-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The guard cannot be taken off again, so all attempts run in a process of their own, on Electron's Node. */
function tryAll(expressions: readonly string[], guarded: boolean): Record<string, Outcome> {
  const script = join(folder, guarded ? 'guarded.mjs' : 'open.mjs');
  writeFileSync(
    script,
    `
    import * as net from 'node:net'; import * as tls from 'node:tls'; import * as dgram from 'node:dgram';
    import * as dns from 'node:dns'; import * as http from 'node:http'; import * as https from 'node:https';
    import * as http2 from 'node:http2'; import inspector from 'node:inspector'; import { createRequire } from 'node:module';
    import { connect } from 'node:net'; import { lookup } from 'node:dns/promises';
    const require = createRequire(import.meta.url);
    const namedBefore = { get connect() { return connect; }, get lookup() { return lookup; } };
    const copiedBefore = { connect: net.connect, request: http.request, createSocket: dgram.createSocket, fetch };
    const { installNetworkGuard } = await import(${JSON.stringify(join(import.meta.dirname, 'network-guard.ts'))});
    let reported = [];
    const line = ${String(guarded)} ? installNetworkGuard({ onBlocked: (api) => reported.push(api) }) : null;
    const { createLocalLine } = await import(${JSON.stringify(join(import.meta.dirname, 'network-guard-line.ts'))});
    const control = ${JSON.stringify(join(folder, 'control.sock'))};
    process.on('uncaughtException', () => {});
    const settled = (value) => value instanceof Promise ? value : new Promise((resolve, reject) => {
      if (typeof value?.once !== 'function') return resolve(value);
      for (const event of ['connect', 'listening']) value.once(event, resolve);
      value.once('error', reject);
    });
    const results = {};
    for (const [name, act] of Object.entries({ ${expressions.map((code) => `${JSON.stringify(code)}: async () => (${code})`).join(',\n')} })) {
      reported = [];
      let outcome = 'went through';
      try { await settled(await act()); } catch (error) { outcome = (error.cause ?? error).name; }
      results[name] = { outcome, reported };
    }
    console.log(JSON.stringify(results));
    process.exit(0);`,
  );
  const run = spawnSync(process.execPath, ['--no-deprecation', script], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout) as Record<string, Outcome>;
}

describe('the network guard', () => {
  it('gives the line to the running app to who installs it, and to nobody else', () => {
    const whole = `new Promise((resolve, reject) => {
      const server = line.listen(control, 1, (stream) => stream.end('answer'));
      setTimeout(() => line.connect(control).on('error', reject).on('data', (text) => { server.close(); resolve(String(text)); }), 200);
    }).then((text) => { if (text !== 'answer') throw new Error(text); })`;
    const refused = [
      `line.connect('/tmp/other.sock')`,
      `line.connect('control.sock')`,
      `line.listen('/tmp/other.sock', 1, () => {})`,
      `createLocalLine().connect(control)`,
      `createLocalLine().listen(control, 1, () => {})`,
    ];
    const outcomes = tryAll([whole, ...refused], true);
    expect(outcomes[whole]).toEqual({ outcome: 'went through', reported: [] });
    for (const code of refused) expect(outcomes[code]?.outcome).toMatch(/^(?:Error|NetworkBlockedError)$/);
    expect(outcomes[refused[3] ?? '']?.reported).toEqual(['net.Socket.connect']);
  });

  const results = tryAll([...Object.keys(attempts), ...harmless], true);

  it.each(Object.entries(attempts))('refuses %s and reports only %s', (code, api) => {
    expect(results[code]).toEqual({ outcome: 'NetworkBlockedError', reported: [api] });
  });

  it.each(harmless)('lets %s be', (code) => {
    expect(results[code]).toEqual({ outcome: 'went through', reported: [] });
  });

  it('is what makes the difference: without it the same calls reach the operating system', () => {
    const calls = [
      'net.createServer().listen(0, "127.0.0.1")',
      'net.connect(9, "127.0.0.1")',
      'http.get("http://127.0.0.1:9")',
    ];
    const outcomes = Object.values(tryAll(calls, false)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['went through', 'Error', 'Error']);
  });

  it('is patched once: a second install adds its listener, and the first is still told', () => {
    const code = `(() => {
      const second = [];
      installNetworkGuard({ onBlocked: (api) => second.push(api) });
      try { net.connect(9); } catch {}
      if (second.length !== 1) throw new RangeError('second listener heard ' + second.length);
    })()`;
    expect(tryAll([code], true)[code]).toEqual({ outcome: 'went through', reported: ['net.connect'] });
  });

  it('loads nothing of what it refuses: that would cost every process a tenth of a second at its start', () => {
    const script = join(folder, 'alone.mjs');
    writeFileSync(
      script,
      `const { installNetworkGuard } = await import(${JSON.stringify(join(import.meta.dirname, 'network-guard.ts'))});
      installNetworkGuard({ onBlocked: () => {} });
      const heavy = ['internal/deps/undici/undici', 'http', 'https', 'http2', 'tls'];
      process._rawDebug(heavy.filter((name) => process.moduleLoadList.includes('NativeModule ' + name)).join());`,
    );
    const run = spawnSync(process.execPath, [script], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      encoding: 'utf8',
    });
    expect([run.stderr.trim(), run.status]).toEqual(['', 0]);
  });

  it('cannot be assigned away', () => {
    const code = `require('node:net').Socket.prototype.connect = () => 'open'`;
    expect(tryAll([code], true)[code]?.outcome).toBe('TypeError');
  });
});
