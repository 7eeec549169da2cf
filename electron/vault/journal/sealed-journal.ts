import { randomBytes, randomUUID } from 'node:crypto';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { identityToRecipient, loadAge } from '../keys/age.ts';
import { folderError } from '../keys/durable-file.ts';
import { canonicalText } from '../log/canonical-json.ts';
import type { Clock } from '../log/clock.ts';
import { observedEventSchema, type JournalEvent, type ObservedEvent } from './journal-event.ts';
import {
  appendLine,
  isLineOf,
  linesSize,
  macOf,
  nextChainKey,
  readLines,
  readState,
  removeLines,
  writeState,
  type JournalState,
} from './journal-files.ts';

/**
 * What happens while nobody is signed in: there is no key to the log, so it is sealed to a public key whose private half
 * stands in the encrypted database. Nobody on this computer reads it back, nobody who takes the computer over later can
 * change what was written before, and the next sign-in brings it into the log.
 */
export type SealedJournal = {
  /** @returns `disk-full`, `data-folder-not-writable`, `journal-unusable`: then this event is not recorded */
  append(event: JournalEvent): Promise<Result<void>>;
  /** Reads what the journal of these secrets holds from step `folded` on. Changes nothing. */
  fold(secrets: JournalSecrets): Promise<Fold>;
  /** Which journal is written to now. */
  currentId(): string | null;
  /** Puts a fresh journal in the place of the old one. Its secrets are in the database before this is called. */
  replace(secrets: JournalSecrets): Promise<Result<void>>;
};

export type JournalSecrets = {
  readonly journalId: string;
  /** `AGE-SECRET-KEY-1...` */
  readonly identity: string;
  /** 32 bytes. */
  readonly chainKey: Uint8Array;
  /** Steps (lines and dropped events) that are leaves already. */
  readonly folded: number;
};

export const journalProblems = [
  'journal-missing',
  'journal-line-changed',
  'journal-cut',
  'journal-state-changed',
] as const;
export type JournalProblem = (typeof journalProblems)[number];

export type Fold = {
  readonly events: readonly ObservedEvent[];
  /** Events that found the journal full. */
  readonly dropped: number;
  /** Steps that the leaves account for afterwards. */
  readonly folded: number;
  /** Everything before the bad place is in `events` all the same. */
  readonly problem: JournalProblem | null;
};

/** Bytes of whole lines; about a thousand events. */
const maximumBytes = 1024 * 1024;
/** Every event is padded to this, so that the length of a line tells nothing. */
const paddedBytes = 512;

export async function createJournalSecrets(): Promise<JournalSecrets> {
  return {
    journalId: randomUUID(),
    identity: await (await loadAge()).generateX25519Identity(),
    chainKey: randomBytes(32),
    folded: 0,
  };
}

export function openSealedJournal(deps: { readonly folder: string; readonly clock: Clock }): SealedJournal {
  const { folder, clock } = deps;
  let last: Promise<unknown> = Promise.resolve();

  async function append(event: JournalEvent): Promise<Result<void>> {
    try {
      const state = readState(folder);
      if (state === null || state === 'damaged') return err(unusable);
      const current = afterCrash(folder, state);
      if (current === null) return err(unusable);
      const key = Buffer.from(current.chainKey, 'base64');
      const chainKey = nextChainKey(key).toString('base64');
      if (linesSize(folder, current.journalId) >= maximumBytes) {
        writeState(folder, { ...current, dropped: current.dropped + 1, chainKey });
        return ok(undefined);
      }
      const n = current.entries;
      const sealed = await seal(current.recipient, observed(event));
      const mac = macOf(key, current.journalId, n, sealed).toString('base64');
      key.fill(0);
      appendLine(folder, current.journalId, { n, sealed, mac });
      writeState(folder, { ...current, entries: n + 1, chainKey });
      return ok(undefined);
    } catch (cause) {
      // Something else than a file stands there: the sign-in that failed must still get its own answer.
      return err(isDiskFull(cause) ? folderError(cause) : unusable);
    }
  }

  function observed(event: JournalEvent): ObservedEvent {
    return {
      at: new Date(clock.nowMs()).toISOString(),
      monotonicMs: Math.max(0, Math.round(clock.monotonicMs())),
      bootId: clock.bootId,
      event,
    };
  }

  return {
    append(event) {
      // One after the other: each line is keyed by the one before.
      const mine = last.then(() => append(event));
      last = mine.catch(() => undefined);
      return mine;
    },
    fold: (secrets) => foldJournal(folder, secrets),
    currentId() {
      const state = readState(folder);
      return state === null || state === 'damaged' ? null : state.journalId;
    },
    async replace({ journalId, identity, chainKey }) {
      const before = readState(folder);
      const recipient = await identityToRecipient(identity);
      try {
        const key = Buffer.from(chainKey).toString('base64');
        writeState(folder, { v: 1, journalId, recipient, entries: 0, dropped: 0, chainKey: key });
        if (before !== null && before !== 'damaged' && before.journalId !== journalId)
          removeLines(folder, before.journalId);
        return ok(undefined);
      } catch (cause) {
        return err(folderError(cause));
      }
    },
  };
}

function isDiskFull(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** A kill between a line and its state leaves one line more than the state knows; that one, if it is ours, counts. */
function afterCrash(folder: string, state: JournalState): JournalState | null {
  const lines = readLines(folder, state.journalId);
  if (lines.length === state.entries) return state;
  const extra = lines.at(state.entries);
  const key = Buffer.from(state.chainKey, 'base64');
  if (
    lines.length !== state.entries + 1 ||
    extra === undefined ||
    extra === 'damaged' ||
    state.dropped > 0 ||
    !isLineOf(extra, key, state.journalId, state.entries)
  )
    return null;
  return { ...state, entries: state.entries + 1, chainKey: nextChainKey(key).toString('base64') };
}

async function foldJournal(folder: string, secrets: JournalSecrets): Promise<Fold> {
  const { journalId, folded } = secrets;
  const state = readState(folder);
  const nothing = { events: [], dropped: 0, folded };
  if (state === null) return { ...nothing, problem: 'journal-missing' };
  if (state === 'damaged' || state.journalId !== journalId)
    return { ...nothing, problem: 'journal-state-changed' };

  const events: ObservedEvent[] = [];
  let key: Uint8Array = secrets.chainKey;
  let n = 0;
  let problem: JournalProblem | null = null;
  for (const line of readLines(folder, journalId)) {
    const event = line === 'damaged' ? null : await openLine(line.sealed, secrets.identity);
    if (line === 'damaged' || !isLineOf(line, key, journalId, n) || event === null) {
      problem = 'journal-line-changed';
      break;
    }
    if (n >= folded) events.push(event);
    key = nextChainKey(key);
    n += 1;
  }
  problem ??= endProblem(state, key, n);
  const dropped = problem === null ? state.dropped : 0;
  return {
    events,
    dropped: Math.max(0, dropped - Math.max(0, folded - n)),
    folded: Math.max(folded, n + dropped),
    problem,
  };
}

/** The state must be what exactly these lines lead to; one line more is what a kill leaves. */
function endProblem(state: JournalState, keyAfterLines: Uint8Array, lines: number): JournalProblem | null {
  if (lines < state.entries) return 'journal-cut';
  if (lines > state.entries + 1) return 'journal-state-changed';
  const stateKey = Buffer.from(state.chainKey, 'base64');
  let key = keyAfterLines;
  if (lines === state.entries + 1) return nextChainKey(stateKey).equals(key) ? null : 'journal-state-changed';
  for (let step = 0; step < state.dropped; step += 1) key = nextChainKey(key);
  return stateKey.equals(key) ? null : 'journal-state-changed';
}

async function seal(recipient: string, event: ObservedEvent): Promise<string> {
  const text = canonicalText(event);
  if (text.length > paddedBytes) throw new Error('a journal event is longer than its place');
  const { Encrypter } = await loadAge();
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(text.padEnd(paddedBytes, ' '))).toString('base64');
}

async function openLine(sealed: string, identity: string): Promise<ObservedEvent | null> {
  try {
    const { Decrypter } = await loadAge();
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const text = await decrypter.decrypt(Buffer.from(sealed, 'base64'), 'text');
    return observedEventSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

const unusable = appError(
  'data-folder-not-writable',
  'What happens while nobody is signed in could not be recorded: its file is missing or was changed. The record itself was not touched. Sign in, so that this is noted, and tell IT.',
);
