import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { rootCertificates } from 'node:tls';

/**
 * The one file of Cloister that opens a connection to another computer. TLS 1.2 or better, the certificate checked
 * against authorities that are named here: the public ones that come with Cloister, or a single one of the policy, never
 * those that somebody has put into the operating system. No proxy, no cookie, no connection that is kept for later.
 */
export type SecureRequest = (
  url: URL,
  options: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<Answer>;
export type Answer = IncomingMessage;

/** @param authority DER in base64; null: the public ones */
export function createSecureRequest(authority: string | null): SecureRequest {
  const agent = new Agent({
    keepAlive: false,
    maxCachedSessions: 0,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ca: authority === null ? [...rootCertificates] : [new X509Certificate(fromBase64(authority)).toString()],
  });
  return (url, { headers, signal }) =>
    new Promise((resolve, reject) => {
      if (url.protocol !== 'https:') throw new TypeError('only https is spoken here');
      request(url, {
        agent,
        method: 'GET',
        signal,
        headers: { 'user-agent': 'Cloister', accept: '*/*', 'accept-encoding': 'identity', ...headers },
      })
        .on('response', resolve)
        .on('error', reject)
        .end();
    });
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
