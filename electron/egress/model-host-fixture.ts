import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';

/** For tests: a real HTTPS server on this computer that hands out one file, or does something worse. */
export type ModelHost = {
  readonly port: number;
  /** What was asked, in order. */
  readonly asked: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  /** Connections at the TCP level, also those that ended before anything could be asked. */
  readonly connections: () => number;
  close(): Promise<void>;
};

export type Answering = (question: IncomingMessage, answer: ServerResponse) => void;

export async function startModelHost(
  tls: ServerOptions,
  answering: Answering,
  address = '127.0.0.1',
): Promise<ModelHost> {
  const asked: { url: string; headers: IncomingHttpHeaders }[] = [];
  let connections = 0;
  const server = createServer(tls, (question, answer) => {
    asked.push({ url: question.url ?? '', headers: question.headers });
    answering(question, answer);
  });
  server.on('connection', () => (connections += 1));
  server.on('tlsClientError', () => undefined);
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return {
    port: bound.port,
    asked,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** As a decent server does it, ranges included. */
export function serveBytes(bytes: Buffer): Answering {
  return (question, answer) => {
    const from = beginAnswer(question, answer, bytes);
    if (from !== null) answer.end(bytes.subarray(from));
  };
}

/** Promises all, hands out at most so many bytes, and cuts the line. */
export function serveThenCut(bytes: Buffer, atMost: number): Answering {
  return (question, answer) => {
    const from = beginAnswer(question, answer, bytes);
    if (from === null) return;
    if (bytes.length - from <= atMost) answer.end(bytes.subarray(from));
    else answer.write(bytes.subarray(from, from + atMost), () => setTimeout(() => answer.destroy(), 20));
  };
}

/** So many bytes at a time, so that there is a middle to be killed in. */
export function serveSlowly(bytes: Buffer, stepBytes: number, everyMs: number): Answering {
  return (question, answer) => {
    let at = beginAnswer(question, answer, bytes) ?? bytes.length;
    const timer = setInterval(() => answer.write(bytes.subarray(at, (at += stepBytes))), everyMs);
    answer.on('close', () => {
      clearInterval(timer);
    });
  };
}

/** @returns from where on the bytes are wanted; null: there are none there, and the answer is given */
function beginAnswer(question: IncomingMessage, answer: ServerResponse, bytes: Buffer): number | null {
  const from = rangeIn(question);
  const size = bytes.length;
  if (from !== null && from >= size) {
    answer.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return null;
  }
  const headers = { 'content-type': 'application/octet-stream', 'content-length': size - (from ?? 0) };
  if (from === null) answer.writeHead(200, headers);
  else answer.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${size - 1}/${size}` });
  return from ?? 0;
}

export function rangeIn(question: IncomingMessage): number | null {
  const found = /^bytes=(\d+)-$/.exec(question.headers.range ?? '')?.[1];
  return found === undefined ? null : Number(found);
}
