import { join } from 'node:path';
import {
  openReadOnlyDatabase,
  openWritableDatabase,
  type ReadableDatabase,
} from '../../electron/vault/database/open-database.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from '../../electron/vault/log/leaf.ts';
import { openLogReader, openSnapshotReader, type LogReader } from '../../electron/vault/log/log-reader.ts';
import { rootOf } from '../../electron/vault/log/merkle.ts';
import { verifyLog } from '../../electron/vault/log/verify-log.ts';
import type { Ledger, ToldTurn } from './ledger.ts';

/** The keys of the record under test; it is made up. */
export type RecordKeys = { readonly dek: Uint8Array; readonly origin: string; readonly verifierKey: string };

export type RecordFinding = {
  /** What is not as it must be; empty where all is well. */
  readonly problems: readonly string[];
  /** Requests without an outcome. */
  readonly open: number;
  /** Leaves and pieces that are recorded, and that nobody had been told of. */
  readonly untold: number;
  /** Leaves that tell of a sign-in that failed. */
  readonly failedSignIns: number;
};

type Demand = (holds: boolean, problem: string) => void;

/** As somebody finds the files who comes after the kill, log replay included. */
export function checkFolder(data: string, keys: RecordKeys, ledger: Ledger): RecordFinding {
  const database = openWritableDatabase(join(data, 'cloister.db'), keys.dek, { mustExist: true });
  try {
    return checkRecord(database, openLogReader(database), keys, ledger);
  } finally {
    database.close();
  }
}

/** Beside the process that has it open. */
export function checkBesideVault(data: string, keys: RecordKeys, ledger: Ledger): RecordFinding {
  const database = openReadOnlyDatabase(join(data, 'cloister.db'), keys.dek);
  try {
    return checkRecord(database, openSnapshotReader(database), keys, ledger);
  } finally {
    database.close();
  }
}

function checkRecord(
  database: ReadableDatabase,
  reader: LogReader,
  keys: RecordKeys,
  ledger: Ledger,
): RecordFinding {
  const problems: string[] = [];
  const demand: Demand = (holds, problem) => {
    if (!holds) problems.push(problem);
  };
  demand(database.raw.pragma('integrity_check', { simple: true }) === 'ok', 'the file is damaged');
  const check = verifyLog(reader, keys, () => undefined);
  demand(check.consistent, `the log does not verify: ${check.problem ?? ''}`);
  const size = reader.size();
  const leaves = [...reader.leaves(size)].map(({ bytes }) =>
    leafEnvelopeSchema.parse(JSON.parse(Buffer.from(bytes).toString())),
  );
  demand(size >= ledger.size, `the page was told of ${ledger.size} entries and there are ${size}`);
  demand(isContinuation(reader, ledger), 'the tree does not begin with the one of before');
  checkEntries(reader, leaves, ledger, demand);
  const stored = turnsOf(leaves);
  let untold = Math.max(0, size - ledger.size);
  for (const [turnId, told] of ledger.turns)
    untold += checkTurn({ turnId, told, stored: stored.get(turnId), reader, database }, demand);
  if (problems.length === 0) ledger.proven = { size, root: check.rootHash };
  return {
    problems,
    open: [...stored.values()].filter(({ outcome }) => outcome === null).length,
    untold,
    failedSignIns: leaves.filter(({ event }) => event === 'session.sign-in-failed').length,
  };
}

function isContinuation(reader: LogReader, { proven }: Ledger): boolean {
  if (proven === null) return true;
  if (reader.size() < proven.size) return false;
  const root = rootOf(proven.size, (level, position) => reader.readNode(level, position));
  return Buffer.from(root).toString('hex') === proven.root;
}

function checkEntries(
  reader: LogReader,
  leaves: readonly LeafEnvelope[],
  { entries }: Ledger,
  demand: Demand,
): void {
  for (const [entry, told] of entries) {
    const leaf = leaves[entry];
    demand(
      leaf?.event === told.type,
      `entry ${entry} was told as ${told.type} and is ${leaf?.event ?? 'missing'}`,
    );
    demand(told.turn === null || leaf?.data['turn'] === told.turn, `entry ${entry} is about another request`);
    if (told.text === null) continue;
    const { field, is } = told.text;
    const text = reader.payloadsOf(entry).find((payload) => payload.field === field)?.text;
    demand(text === is, `the text "${field}" of entry ${entry} is another`);
  }
}

type StoredTurn = { readonly intent: number; outcome: number | null };

function turnsOf(leaves: readonly LeafEnvelope[]): Map<string, StoredTurn> {
  const turns = new Map<string, StoredTurn>();
  for (const { event, seq, data } of leaves) {
    const { turn } = data;
    if (typeof turn !== 'string') continue;
    if (event === 'prompt.submitted') turns.set(turn, { intent: seq, outcome: null });
    const known = turns.get(turn);
    if (event.startsWith('response.') && known !== undefined) known.outcome = seq;
  }
  return turns;
}

/** @returns pieces that were recorded and not shown */
function checkTurn(
  found: {
    readonly turnId: string;
    readonly told: ToldTurn;
    readonly stored: StoredTurn | undefined;
    readonly reader: LogReader;
    readonly database: ReadableDatabase;
  },
  demand: Demand,
): number {
  const { turnId, told, stored, reader, database } = found;
  const about = `request ${turnId.slice(0, 8)}:`;
  if (stored === undefined) {
    demand(false, `${about} it left the vault and is not recorded`);
    return 0;
  }
  const textAt = (entry: number, field: string): string | undefined =>
    reader.payloadsOf(entry).find((payload) => payload.field === field)?.text;
  demand(
    told.prompt === null || textAt(stored.intent, 'prompt') === told.prompt,
    `${about} another prompt is recorded`,
  );
  demand(
    told.end === null || told.end.entry === stored.outcome,
    `${about} its end was told and is not recorded`,
  );
  const pieces = database
    .prepare<[string], { text: string }>('SELECT text FROM turn_deltas WHERE turn_id = ? ORDER BY seq')
    .all(turnId);
  const recorded =
    stored.outcome === null
      ? pieces.map(({ text }) => text).join('')
      : (textAt(stored.outcome, 'response') ?? '');
  demand(recorded.startsWith(told.shown), `${about} something was shown that is not recorded`);
  const ends = told.said.reduce<number[]>((sums, text) => [...sums, (sums.at(-1) ?? 0) + text.length], [0]);
  demand(
    ends.includes(recorded.length) && told.said.join('').startsWith(recorded),
    `${about} something is recorded that the model did not say`,
  );
  // What was recorded of an answer that has its outcome is shown by the page that opens it again.
  return stored.outcome === null ? ends.indexOf(recorded.length) - ends.indexOf(told.shown.length) : 0;
}
