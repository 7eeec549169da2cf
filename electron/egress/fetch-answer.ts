import type { DownloadFailure } from '../links/egress-control.ts';
import { isAllowedHost } from '../links/download-hosts.ts';
import type { Answer, SecureRequest } from './secure-request.ts';

/** Why an attempt ended. Another one is made only where it could end better. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  readonly failure: DownloadFailure;
  readonly isFinal: boolean;

  constructor(failure: DownloadFailure, { isFinal }: { readonly isFinal: boolean }) {
    super(failure);
    this.failure = failure;
    this.isFinal = isFinal;
  }
}

export const never = (failure: DownloadFailure): FetchFailure => new FetchFailure(failure, { isFinal: true });
export const notNow = (failure: DownloadFailure): FetchFailure =>
  new FetchFailure(failure, { isFinal: false });

/** A body of bytes of the file, and at which of them it begins. */
export type FileAnswer = { readonly body: Answer; readonly from: number };

/** A publisher's address leads to its storage in one or two steps. */
const maximumRedirects = 5;

/**
 * Asks for the file from byte `have` on, over as many redirects as that takes, each of them to a host of the list.
 * @throws FetchFailure for every answer that is not the file
 */
export async function fetchAnswer(deps: {
  readonly request: SecureRequest;
  readonly hosts: readonly string[];
  readonly url: string;
  readonly have: number;
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
}): Promise<FileAnswer> {
  const headers: Record<string, string> = deps.have === 0 ? {} : { range: `bytes=${String(deps.have)}-` };
  let url = new URL(deps.url);
  for (let redirects = 0; redirects <= maximumRedirects; redirects += 1) {
    if (!mayAsk(url, deps.hosts)) throw never('foreign-host');
    const answer = await deps.request(url, { headers, signal: deps.signal });
    const next = redirectOf(answer, url);
    if (next === null) return fileIn(answer, deps);
    answer.destroy();
    url = next;
  }
  throw never('not-there');
}

function mayAsk(url: URL, hosts: readonly string[]): boolean {
  const port = url.port === '' ? 443 : Number(url.port);
  return (
    url.protocol === 'https:' &&
    url.username === '' &&
    url.password === '' &&
    isAllowedHost(hosts, url.hostname, port)
  );
}

function redirectOf({ statusCode, headers }: Answer, from: URL): URL | null {
  if (statusCode === undefined || ![301, 302, 303, 307, 308].includes(statusCode)) return null;
  const next = URL.parse(headers.location ?? '', from.href);
  if (next === null || headers.location === undefined) throw never('not-there');
  return next;
}

function fileIn(
  answer: Answer,
  { have, sizeBytes }: { readonly have: number; readonly sizeBytes: number },
): FileAnswer {
  try {
    const from = firstByte(answer, have, sizeBytes);
    refuseOtherThanFile(answer, sizeBytes - from);
    return { body: answer, from };
  } catch (error) {
    answer.destroy();
    throw error;
  }
}

function firstByte({ statusCode = 0, headers }: Answer, have: number, sizeBytes: number): number {
  if (statusCode === 200) return 0;
  if (statusCode === 206) {
    if (headers['content-range'] !== `bytes ${String(have)}-${String(sizeBytes - 1)}/${String(sizeBytes)}`)
      throw never('wrong-length');
    return have;
  }
  // What is asked for is not in the file: it is a shorter one.
  if (statusCode === 416) throw never('wrong-length');
  if (statusCode === 408 || statusCode === 429 || statusCode >= 500) throw notNow('unreachable');
  throw never('not-there');
}

/** A network that wants a login answers everything with its page; a compressed answer has other bytes than the file. */
function refuseOtherThanFile({ headers }: Answer, expectedBytes: number): void {
  if (/^\s*(?:text\/html|application\/(?:xhtml|json|xml))/i.test(headers['content-type'] ?? ''))
    throw never('not-a-file');
  if (!/^(?:identity)?$/i.test(headers['content-encoding'] ?? '')) throw never('not-a-file');
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== expectedBytes) throw never('wrong-length');
}
