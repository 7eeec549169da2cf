import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SetupError, progress } from './say.mjs';
import { hashFile } from './stamp.mjs';

/**
 * @typedef {object} Download
 * @property {string} url
 * @property {string} to where the whole, checked file ends; `to + '.part'` holds what has come so far
 * @property {string} sha256 hex
 * @property {string} label for the progress line and for errors
 * @property {number} [tries] attempts in all, default 4
 * @property {number} [waitMs] wait before the second attempt, doubled each time, default 500
 * @property {number} [silenceMs] give up an attempt after this long without a byte, default 20 s
 * @property {{ isTTY?: boolean | undefined, write: (text: string) => unknown }} [out]
 */

/** An answer that trying again will not change. */
class FinalAnswer extends SetupError {}

/**
 * Downloads one file, goes on where an earlier attempt stopped, and puts it in its place only when its hash is right.
 * @param {Download} download
 */
export async function downloadFile(download) {
  mkdirSync(dirname(download.to), { recursive: true });
  const part = `${download.to}.part`;
  await fetchWhole(download, part);
  const found = await hashFile(part);
  if (found !== download.sha256) {
    rmSync(part, { force: true });
    throw new SetupError(
      `${download.label} was downloaded but is not the expected file: its SHA-256 is ${found}, expected ${download.sha256}. It has been deleted. Source: ${download.url}`,
    );
  }
  renameSync(part, download.to);
}

/** @param {Download} download @param {string} part */
async function fetchWhole(download, part) {
  const tries = download.tries ?? 4;
  let waitMs = download.waitMs ?? 500;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await fetchRest(download, part);
      return;
    } catch (error) {
      if (error instanceof FinalAnswer) throw error;
      if (attempt >= tries) {
        const kept = existsSync(part)
          ? ' What has come so far is kept; the next run goes on from there.'
          : '';
        throw new SetupError(
          `${download.label} could not be downloaded from ${download.url} after ${tries} attempts: ${reason(error)}.${kept} Check the network connection (or proxy) and run the command again.`,
        );
      }
      await new Promise((wake) => setTimeout(wake, waitMs));
      waitMs *= 2;
    }
  }
}

/** @param {Download} download @param {string} part */
async function fetchRest(download, part) {
  const have = existsSync(part) ? statSync(part).size : 0;
  const silence = new AbortController();
  const silenceMs = download.silenceMs ?? 20_000;
  let timer = setTimeout(() => silence.abort(), silenceMs);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), silenceMs);
  };
  try {
    const response = await fetch(download.url, {
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
      signal: silence.signal,
    });
    const start = startOfBody(response, have, part);
    if (start === null || response.body === null) return;
    const total = totalOf(response, start);
    const bar = progress(download.label, download.out);
    let done = start;
    const body = Readable.fromWeb(/** @type {import('node:stream/web').ReadableStream} */ (response.body));
    body.on('data', (chunk) => {
      heard();
      bar.at((done += chunk.length), total);
    });
    try {
      await pipeline(body, createWriteStream(part, { flags: start > 0 ? 'a' : 'w' }));
    } finally {
      bar.end();
    }
    if (total !== null && done !== total) throw new Error(`${done} of ${total} bytes came`);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Where the body's first byte belongs; null when the part is already whole.
 * @param {Response} response
 * @param {number} have
 * @param {string} part
 * @returns {number | null}
 */
function startOfBody(response, have, part) {
  if (response.status === 206) {
    const from = /^bytes (\d+)-/u.exec(response.headers.get('content-range') ?? '')?.[1];
    if (Number(from) === have) return have;
    rmSync(part, { force: true });
    throw new Error('the server sent another range than the one asked for');
  }
  if (response.status === 200) return 0;
  if (response.status === 416) {
    // Nothing is left to send: either all of it is here, or the part is longer than the file and must go.
    const whole = /\/(\d+)$/u.exec(response.headers.get('content-range') ?? '')?.[1];
    if (Number(whole) === have) return null;
    rmSync(part, { force: true });
    throw new Error('what was kept of an earlier download did not fit the file');
  }
  const text = `the server answered ${response.status} ${response.statusText}`.trim();
  if (response.status >= 400 && response.status < 500 && response.status !== 408 && response.status !== 429) {
    throw new FinalAnswer(`Could not download ${response.url}: ${text}.`);
  }
  throw new Error(text);
}

/** @param {Response} response @param {number} start @returns {number | null} */
function totalOf(response, start) {
  const length = response.headers.get('content-length');
  // With a content encoding the header counts other bytes than the ones that arrive here.
  if (length === null || response.headers.get('content-encoding') !== null) return null;
  return start + Number(length);
}

/** @param {unknown} error @returns {string} */
function reason(error) {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError') return 'nothing came for too long';
  return error.cause instanceof Error ? error.cause.message : error.message;
}
