import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProtocolResponse } from 'electron';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentSecurityPolicy, pathOf, registerAppScheme, serveApp } from './app-protocol.ts';
import { createStoppedPage, stoppedUrl } from './stopped-page.ts';

const outside = mkdtempSync(join(tmpdir(), 'app-protocol-'));
const folder = join(outside, 'renderer');
const stoppedPage = createStoppedPage();
type Answering = Parameters<Parameters<typeof serveApp>[0]['registerBufferProtocol']>[1];
let answering: Answering = () => undefined;
serveApp(
  { registerBufferProtocol: (_scheme, handler) => ((answering = handler), true) },
  { folder, stoppedPage },
);

/** As Chromium asks: the URL as it stands there, whatever it is. */
const get = (url: string, method = 'GET'): Promise<ProtocolResponse & { readonly text: string }> =>
  new Promise((resolve) => {
    answering({ url, method, headers: {}, referrer: '' }, (response) => {
      if ('data' in response && Buffer.isBuffer(response.data))
        resolve({ ...response, text: response.data.toString() });
    });
  });

beforeAll(() => {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets', 'index-a_B-1.js'), 'export {};');
  writeFileSync(join(folder, 'assets', 'index.css'), 'p {}');
  writeFileSync(join(folder, 'assets', 'inter.woff2'), 'font');
  writeFileSync(join(folder, 'assets', 'index.js.map'), '{}');
  writeFileSync(join(folder, '.hidden.html'), 'secret');
  writeFileSync(join(outside, 'main.js'), 'secret');
});
afterAll(() => {
  rmSync(outside, { recursive: true });
});

describe('the app protocol', () => {
  it.each([
    ['app://cloister/', 'text/html; charset=utf-8', '<!doctype html>'],
    ['app://cloister/index.html', 'text/html; charset=utf-8', '<!doctype html>'],
    ['app://cloister/assets/index-a_B-1.js?v=1#x', 'text/javascript; charset=utf-8', 'export {};'],
    ['app://cloister/assets/index.css', 'text/css; charset=utf-8', 'p {}'],
    ['app://cloister/assets/inter.woff2', 'font/woff2', 'font'],
  ])('serves %s as %s', async (url, type, body) => {
    const response = await get(url);
    expect([response.statusCode, response.headers?.['Content-Type'], response.text]).toEqual([
      200,
      type,
      body,
    ]);
  });

  it('gives every answer, refusals too, the whole policy', async () => {
    const expected = {
      'Content-Security-Policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    };
    for (const url of ['app://cloister/', 'app://cloister/nothing.js', stoppedUrl]) {
      expect((await get(url)).headers).toMatchObject(expected);
    }
  });

  it('allows nothing that is inline, evaluated, or from elsewhere', () => {
    expect(contentSecurityPolicy).not.toMatch(/unsafe|http|\*|blob:|ws:/);
  });

  it.each([
    'app://cloister/../main.js',
    'app://cloister/%2e%2e/main.js',
    'app://cloister/..%2fmain.js',
    'app://cloister/%2e%2e%5cmain.js',
    'app://cloister/..\\main.js',
    'app://cloister/assets/..%2f..%2fmain.js',
    'app://cloister/%252e%252e/main.js',
    'app://cloister//etc/passwd',
    'app://cloister/C:/index.html',
    'app://cloister/index.html%00.js',
    'app://cloister/index.html::$DATA',
    'app://cloister/%',
    'app://cloister/.hidden.html',
    'app://cloister/assets/index.js.map',
    'app://cloister/assets/',
    'app://cloister/missing.js',
    'app://cloister:80/',
    'app://other/',
    'app://cloister.evil/',
    'http://cloister/',
  ])('has nothing at %s', async (url) => {
    const response = await get(url);
    expect([response.statusCode, response.text]).toEqual([404, '']);
  });

  it.each(['POST', 'PUT', 'DELETE'])('refuses %s', async (method) => {
    expect((await get('app://cloister/', method)).statusCode).toBe(405);
  });

  it('names no path outside its folder, whatever the URL', () => {
    expect(pathOf('app://cloister/a/b.js', '/app')).toBe('/app/a/b.js');
    expect(pathOf('app://cloister/a/../../b.js', '/app')).toBe('/app/b.js');
    expect(pathOf('app://cloister/a/%2e%2e%2f%2e%2e/b.js', '/app')).toBeNull();
  });

  it('shows on its own page the sentence, as text', async () => {
    stoppedPage.say('It <b>stopped</b> & "ended".');
    expect((await get(stoppedUrl)).text).toContain(
      '<p>It &#60;b&#62;stopped&#60;/b&#62; &#38; &#34;ended&#34;.</p>',
    );
  });

  it('is a standard, secure scheme that bypasses nothing', () => {
    const registered: unknown[] = [];
    registerAppScheme({ registerSchemesAsPrivileged: (schemes) => registered.push(...schemes) });
    expect(registered).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
  });
});
