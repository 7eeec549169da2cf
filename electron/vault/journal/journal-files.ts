import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../keys/durable-file.ts';
import { recipientSchema } from '../keys/keyring-schema.ts';
import { canonicalBytes, parseCanonical } from '../log/canonical-json.ts';

/** The two files of a sealed journal and the chain that holds them together. See FORMAT.md. */
export const stateFile = 'journal.state.json';
/** Any file of a journal, a half-written one included. */
export const isJournalFile = (name: string): boolean => /^journal\..+\.jsonl?(\.tmp)?$/.test(name);
export const linesFile = (journalId: string): string => `journal.${journalId}.jsonl`;

const base64Key = z.base64().refine((text) => Buffer.from(text, 'base64').byteLength === 32);
const stateSchema = z.strictObject({
  v: z.literal(1),
  journalId: z.uuid(),
  recipient: recipientSchema,
  entries: z.int().nonnegative(),
  dropped: z.int().nonnegative(),
  /** The key of the next line. Those before are gone, so nobody writes an earlier line anew. */
  chainKey: base64Key,
});
export type JournalState = z.infer<typeof stateSchema>;

const lineSchema = z.strictObject({
  n: z.int().nonnegative(),
  sealed: z.base64().max(8192),
  mac: base64Key,
});
export type JournalLine = z.infer<typeof lineSchema>;

export function nextChainKey(key: Uint8Array): Buffer {
  return createHash('sha256').update('cloister/1 journal chain').update(key).digest();
}

export function macOf(key: Uint8Array, journalId: string, n: number, sealed: string): Buffer {
  return createHmac('sha256', key).update(canonicalBytes({ journalId, n, sealed })).digest();
}

export function isLineOf(line: JournalLine, key: Uint8Array, journalId: string, n: number): boolean {
  return (
    line.n === n && timingSafeEqual(Buffer.from(line.mac, 'base64'), macOf(key, journalId, n, line.sealed))
  );
}

/** @returns null where there is none, `damaged` where it is not one */
export function readState(folder: string): JournalState | 'damaged' | null {
  const path = join(folder, stateFile);
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  const value = parseCanonical(bytes.subarray(0, -1));
  const state = value.ok && bytes.at(-1) === 0x0a ? stateSchema.safeParse(value.value) : null;
  return state?.success === true ? state.data : 'damaged';
}

/** @throws the file system's error; the state is then as it was */
export function writeState(folder: string, state: JournalState): void {
  replaceFile(folder, stateFile, Buffer.concat([canonicalBytes(state), Buffer.from('\n')]));
}

/** Whole lines only: what a killed run left half written has no newline and is passed over. */
export function readLines(folder: string, journalId: string): readonly (JournalLine | 'damaged')[] {
  const path = join(folder, linesFile(journalId));
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  const lines: (JournalLine | 'damaged')[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    const value = parseCanonical(bytes.subarray(start, end));
    const line = value.ok ? lineSchema.safeParse(value.value) : null;
    lines.push(line?.success === true ? line.data : 'damaged');
    start = end + 1;
  }
  return lines;
}

/** @returns bytes of whole lines */
export function linesSize(folder: string, journalId: string): number {
  const path = join(folder, linesFile(journalId));
  return existsSync(path) ? readFileSync(path).lastIndexOf(0x0a) + 1 : 0;
}

/** Appends behind the last whole line and syncs. @throws the file system's error; no whole line is lost */
export function appendLine(folder: string, journalId: string, line: JournalLine): void {
  const size = linesSize(folder, journalId);
  const file = openSync(join(folder, linesFile(journalId)), 'a', 0o600);
  try {
    ftruncateSync(file, size);
    const bytes = Buffer.concat([canonicalBytes(line), Buffer.from('\n')]);
    if (writeSync(file, bytes) !== bytes.byteLength)
      throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function removeLines(folder: string, journalId: string): void {
  rmSync(join(folder, linesFile(journalId)), { force: true });
}
