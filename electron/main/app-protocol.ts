import { readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import type { Protocol } from 'electron';
import { appOrigin } from '../shared/shell-contract.ts';
import { stoppedUrl, type StoppedPage } from './stopped-page.ts';

export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A file of another kind is not part of the page and is not served. */
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

const safetyHeaders = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** Must run before `ready`. A standard scheme has origins; nothing may bypass the policy above. */
export function registerAppScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
}

/** What Electron wants of an answer. */
type Served = {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly data: Buffer;
};

/**
 * Serves the built page from `folder` (inside app.asar in a package) under `app://cloister/`. Nothing else exists there.
 * Not over `protocol.handle`, whose `Request` and `Response` are Node's: they load all of its HTTP client, a tenth of a
 * second of each start, in an app that asks nobody (docs/decisions/0023-cold-start.md).
 */
export function serveApp(
  protocol: Pick<Protocol, 'registerBufferProtocol'>,
  deps: { readonly folder: string; readonly stoppedPage: StoppedPage },
): void {
  const isOurs = protocol.registerBufferProtocol('app', (request, answer) => {
    answer(served(request, deps));
  });
  if (!isOurs) throw new Error('the page cannot be served');
}

function served(
  { method, url }: { readonly method: string; readonly url: string },
  { folder, stoppedPage }: { readonly folder: string; readonly stoppedPage: StoppedPage },
): Served {
  if (method !== 'GET') return refusal(405);
  if (url === stoppedUrl) return answered('.html', Buffer.from(stoppedPage.html()));
  const path = pathOf(url, folder);
  const type = path === null ? undefined : contentTypes[extname(path)];
  if (path === null || type === undefined) return refusal(404);
  try {
    return answered(extname(path), readFileSync(path));
  } catch {
    return refusal(404);
  }
}

/** The file that a URL names, or null when it is not one inside the folder. */
export function pathOf(url: string, folder: string): string | null {
  const parsed = URL.parse(url);
  if (parsed === null || `${parsed.protocol}//${parsed.host}` !== appOrigin) return null;
  let name: string;
  try {
    name = decodeURIComponent(parsed.pathname);
  } catch {
    return null;
  }
  if (name === '/') name = '/index.html';
  // Names of our own build hold nothing else; so no separator of any system, no drive, no stream, no NUL gets through.
  if (!/^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/.test(name)) return null;
  const path = join(folder, name);
  return path.startsWith(folder + sep) ? path : null;
}

function answered(extension: string, data: Buffer): Served {
  const headers = { ...safetyHeaders, 'Content-Type': contentTypes[extension] ?? 'application/octet-stream' };
  return { statusCode: 200, headers, data };
}

function refusal(statusCode: 404 | 405): Served {
  return { statusCode, headers: safetyHeaders, data: Buffer.alloc(0) };
}
