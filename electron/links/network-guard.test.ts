import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The guard cannot be taken off again, so each attempt runs in a process of its own. */
function attempt(code: string): { readonly outcome: string; readonly reported: string } {
  const guard = JSON.stringify(join(import.meta.dirname, 'network-guard.ts'));
  const script = `
    import * as net from 'node:net'; import * as tls from 'node:tls'; import * as dgram from 'node:dgram';
    import * as dns from 'node:dns'; import * as http from 'node:http'; import * as https from 'node:https'; import * as http2 from 'node:http2';
    import { connect as connectTakenBefore } from 'node:net'; import { lookup as promisedLookup } from 'node:dns/promises';
    const { installNetworkGuard } = await import(${guard});
    let reported = '';
    installNetworkGuard({ onBlocked: (api) => { reported = api; } });
    let outcome = 'went through';
    try { await (${code}); } catch (error) { outcome = error.name; }
    console.log(JSON.stringify({ outcome, reported }));
    process.exit(0);`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    encoding: 'utf8',
  });
  return JSON.parse(run.stdout);
}

describe('the network guard refuses, on loopback too,', () => {
  it.each([
    ['net.connect(9, "127.0.0.1")', 'net.connect'],
    ['net.createConnection(9)', 'net.createConnection'],
    ['new net.Socket().connect(9, "127.0.0.1")', 'net.Socket.connect'],
    ['connectTakenBefore(9, "127.0.0.1")', 'net.connect'],
    ['net.createServer().listen(0)', 'net.createServer'],
    ['new net.Server().listen(0)', 'net.Server.listen'],
    ['tls.connect(9, "127.0.0.1")', 'tls.connect'],
    ['dgram.createSocket("udp4")', 'dgram.createSocket'],
    ['dns.lookup("localhost", () => {})', 'dns.lookup'],
    ['dns.promises.resolve4("localhost")', 'dns.promises.resolve4'],
    ['promisedLookup("localhost")', 'dns.promises.lookup'],
    ['new dns.Resolver().resolve4("localhost", () => {})', 'dns.Resolver.resolve4'],
    ['http.get("http://127.0.0.1:9")', 'http.get'],
    ['http.request("http://127.0.0.1:9")', 'http.request'],
    ['https.get("https://127.0.0.1:9")', 'https.get'],
    ['http2.connect("http://127.0.0.1:9")', 'http2.connect'],
    ['fetch("http://127.0.0.1:9")', 'fetch'],
    ['new WebSocket("ws://127.0.0.1:9")', 'WebSocket'],
  ])('%s', (code, api) => {
    expect(attempt(code)).toEqual({ outcome: 'NetworkBlockedError', reported: api });
  });

  it('and lets other work through', () => {
    expect(attempt('Promise.resolve(1)')).toEqual({ outcome: 'went through', reported: '' });
  });
});
