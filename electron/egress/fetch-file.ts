import type { DownloadFailure, DownloadOrder } from '../links/egress-control.ts';
import { failureOf } from './failure-of.ts';
import { FetchFailure, fetchAnswer, never, notNow } from './fetch-answer.ts';
import { openPartFile, type PartFile } from './part-file.ts';
import type { SecureRequest } from './secure-request.ts';

export type FetchDeps = {
  readonly request: SecureRequest;
  readonly onProgress: (bytes: number) => void;
  /** Resolves after so long. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Each so long at least so many bytes must come, from the first word to the host on. */
  readonly pace: { readonly everyMs: number; readonly bytes: number };
};

/** An honest line of the slowest kind brings twenty times that. */
export const usualPace = { everyMs: 30_000, bytes: 32 * 1024 };

/** Attempts in a row that bring nothing new. */
const fruitlessAttempts = 5;
const longestWaitMs = 30_000;

/**
 * Brings one file, and goes on where an earlier process stopped. What has come is kept for the next time, unless it is
 * certain that it is not the file.
 * @returns null when the file is whole and its hash is the expected one
 */
export async function fetchFile(order: DownloadOrder, deps: FetchDeps): Promise<DownloadFailure | null> {
  let part: PartFile;
  try {
    part = await openPartFile(order.partPath, order.sizeBytes);
  } catch (error) {
    return failureOf(error).failure;
  }
  try {
    await bringAll(order, part, deps);
    if ((await part.finish()) === order.sha256) return null;
    await part.startOver();
    return 'wrong-content';
  } catch (error) {
    return failureOf(error).failure;
  } finally {
    await part.close();
  }
}

async function bringAll(order: DownloadOrder, part: PartFile, deps: FetchDeps): Promise<void> {
  let most = part.length();
  let fruitless = 0;
  deps.onProgress(most);
  while (part.length() < order.sizeBytes) {
    try {
      await bringSome(order, part, deps);
    } catch (error) {
      const failure = failureOf(error);
      // A host that ignores the range and always breaks at the same place would never get further.
      fruitless = part.length() > most ? 1 : fruitless + 1;
      most = Math.max(most, part.length());
      if (failure.isFinal || fruitless >= fruitlessAttempts) throw failure;
      await deps.wait(Math.min(1000 * 2 ** (fruitless - 1), longestWaitMs));
    }
  }
}

/** One connection's worth. Returns when the file is whole. */
async function bringSome(order: DownloadOrder, part: PartFile, deps: FetchDeps): Promise<void> {
  const pace = keepPace(deps.pace);
  try {
    const { body, from } = await fetchAnswer({
      ...order,
      request: deps.request,
      have: part.length(),
      signal: pace.signal,
    });
    if (from === 0 && part.length() > 0) await part.startOver();
    for await (const bytes of body as AsyncIterable<Uint8Array>) {
      if (part.length() + bytes.length > order.sizeBytes) {
        await part.startOver();
        throw never('wrong-length');
      }
      pace.came(bytes.length);
      await part.append(bytes);
      deps.onProgress(part.length());
    }
    if (part.length() < order.sizeBytes) throw notNow('interrupted');
  } catch (error) {
    throw pace.signal.aborted && !(error instanceof FetchFailure) ? notNow('stalled') : error;
  } finally {
    pace.end();
  }
}

/** A host that says nothing, or a byte now and then, would hold the line for ever. */
function keepPace({ everyMs, bytes }: FetchDeps['pace']): {
  readonly signal: AbortSignal;
  came(bytes: number): void;
  end(): void;
} {
  const ending = new AbortController();
  let sinceLast = 0;
  const timer = setInterval(() => {
    if (sinceLast < bytes) ending.abort();
    sinceLast = 0;
  }, everyMs);
  return {
    signal: ending.signal,
    came: (more) => {
      sinceLast += more;
    },
    end: () => {
      clearInterval(timer);
    },
  };
}
