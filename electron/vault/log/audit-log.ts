import { randomBytes } from 'node:crypto';
import type { Role } from '../../shared/roles.ts';
import {
  entrySchema,
  type DeviceId,
  type Entry,
  type PatientId,
  type SessionId,
  type TurnId,
  type UserId,
} from '../../shared/ids.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import { canonicalBytes } from './canonical-json.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { clockToleranceMs, type Clock } from './clock.ts';
import { commitText } from './commitment.ts';
import {
  leafDataSchemas,
  leafEnvelopeSchema,
  maximumLeafBytes,
  textFieldSchema,
  type LeafData,
  type LeafOutcome,
  type TextField,
} from './leaf.ts';
import { hashLeaf, nodesAddedBy, rootOf } from './merkle.ts';
import { DeltaReceipt, LeafReceipt } from './receipt.ts';
import { signNote } from './signed-note.ts';

export type LeafDraft<T extends LogEventType> = {
  readonly type: T;
  readonly actor: { readonly id: UserId | null; readonly role: Role | 'system' };
  readonly session: SessionId | null;
  readonly patient: PatientId | null;
  readonly outcome: LeafOutcome;
  readonly data: LeafData<T>;
  readonly texts: Readonly<Partial<Record<TextField, string>>>;
};

export type AuditLog = {
  /**
   * Commits one leaf, its texts, the tree's new nodes and a signed checkpoint in one synchronous transaction.
   * `alongside` runs inside it: rows that must stand or fall with the leaf.
   * @throws SqliteError when the disk refuses; then nothing of it is stored
   */
  append<T extends LogEventType>(draft: LeafDraft<T>, alongside?: (seq: Entry) => void): LeafReceipt<T>;
  /** Makes one piece of a running answer durable. Pieces of a turn are numbered from 0. */
  recordDelta(turnId: TurnId, seq: number, text: string): DeltaReceipt;
  /** Marks the checkpoint of that many leaves as one that left the machine: it is never dropped. */
  keepCheckpoint(size: number): void;
  /** Number of leaves. */
  size(): number;
};

type Deps = {
  readonly database: WritableDatabase;
  readonly clock: Clock;
  readonly origin: string;
  /** Ed25519 seed, 32 bytes. */
  readonly logSeed: Uint8Array;
  readonly device: DeviceId;
  readonly appVersion: string;
  /** Called after each commit with the new number of leaves and what it took, in ms. */
  readonly onAppended: (size: number, elapsedMs: number) => void;
};

export function openAuditLog(deps: Deps): AuditLog {
  const { database, clock } = deps;
  const statements = prepareStatements(database);
  const readNode = (level: number, position: number): Buffer | null =>
    statements.node.get(level, position)?.hash ?? null;
  const size = (): number => statements.size.get()?.size ?? 0;

  function write<T extends LogEventType>(draft: LeafDraft<T>, atMs: number): Entry {
    const seq = entrySchema.parse(size());
    const salted = saltTexts(draft.texts);
    const at = new Date(atMs).toISOString();
    const leaf = leafEnvelopeSchema.parse({
      v: 1,
      seq,
      event: draft.type,
      at,
      monotonicMs: clock.monotonicMs(),
      bootId: clock.bootId,
      timeSync: clock.timeSync(),
      actor: draft.actor,
      session: draft.session,
      device: deps.device,
      patient: draft.patient,
      outcome: draft.outcome,
      app: deps.appVersion,
      texts: Object.fromEntries(salted.map((entry) => [entry.field, entry.commitment])),
      data: leafDataSchemas[draft.type].parse(draft.data),
    });
    const bytes = canonicalBytes(leaf);
    if (bytes.byteLength > maximumLeafBytes)
      throw new Error(`leaf of type ${draft.type} has ${bytes.byteLength} bytes`);

    statements.insertLeaf.run(seq, bytes);
    statements.insertIndex.run(seq, draft.type, at, draft.actor.id, draft.patient, draft.outcome);
    for (const { field, salt, text } of salted) statements.insertPayload.run(seq, field, salt, text);
    for (const node of nodesAddedBy(seq, hashLeaf(bytes), readNode))
      statements.insertNode.run(node.level, node.index, node.hash);
    const body = formatCheckpoint({
      origin: deps.origin,
      size: seq + 1,
      rootHash: rootOf(seq + 1, readNode),
    });
    statements.dropCheckpoints.run();
    statements.insertCheckpoint.run(seq + 1, signNote(body, deps.origin, deps.logSeed));
    return seq;
  }

  /** The jump is told before the leaf that it would make look out of order. */
  function noteClockJump(nowMs: number): void {
    const last = statements.lastAt.get()?.at;
    if (last === undefined) return;
    const backwardsMs = Date.parse(last) - nowMs;
    if (backwardsMs <= clockToleranceMs) return;
    const actor = { id: null, role: 'system' } as const;
    write(
      {
        type: 'clock.jumped-back',
        actor,
        session: null,
        patient: null,
        outcome: 'attention',
        data: { byMs: backwardsMs },
        texts: {},
      },
      nowMs,
    );
  }

  return {
    append(draft, alongside) {
      // A receipt inside somebody else's transaction would exist before its COMMIT.
      if (database.raw.inTransaction) throw new Error('a leaf is committed in a transaction of its own');
      const startedAt = performance.now();
      const nowMs = clock.nowMs();
      const seq = database.transaction(() => {
        noteClockJump(nowMs);
        const written = write(draft, nowMs);
        alongside?.(written);
        return written;
      });
      deps.onAppended(seq + 1, performance.now() - startedAt);
      return new LeafReceipt(draft.type, seq, draft.texts);
    },
    recordDelta(turnId, seq, text) {
      if (database.raw.inTransaction)
        throw new Error('a piece of an answer is committed in a transaction of its own');
      database.transaction(() => statements.insertDelta.run(turnId, seq, text));
      return new DeltaReceipt(turnId, seq, text);
    },
    keepCheckpoint(checkpointSize) {
      const { changes } = statements.keepCheckpoint.run(checkpointSize);
      if (changes !== 1) throw new Error('no such checkpoint');
    },
    size,
  };
}

function saltTexts(texts: Readonly<Partial<Record<TextField, string>>>) {
  return Object.entries(texts).map(([name, text]) => {
    const salt = randomBytes(32);
    return { field: textFieldSchema.parse(name), salt, text, commitment: commitText(text, salt) };
  });
}

function prepareStatements(database: WritableDatabase) {
  return {
    size: database.prepare<[], { size: number }>('SELECT coalesce(max(seq) + 1, 0) AS size FROM leaves'),
    lastAt: database.prepare<[], { at: string }>('SELECT at FROM leaf_index ORDER BY seq DESC LIMIT 1'),
    node: database.prepare<[number, number], { hash: Buffer }>(
      'SELECT hash FROM tree_nodes WHERE level = ? AND position = ?',
    ),
    insertLeaf: database.prepare<[number, Uint8Array], never>('INSERT INTO leaves (seq, leaf) VALUES (?, ?)'),
    insertIndex: database.prepare<[number, string, string, string | null, string | null, string], never>(
      'INSERT INTO leaf_index (seq, type, at, actor, patient, outcome) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    insertPayload: database.prepare<[number, string, Uint8Array, string], never>(
      'INSERT INTO payloads (seq, field, salt, text) VALUES (?, ?, ?, ?)',
    ),
    insertNode: database.prepare<[number, number, Uint8Array], never>(
      'INSERT INTO tree_nodes (level, position, hash) VALUES (?, ?, ?)',
    ),
    dropCheckpoints: database.prepare<[], never>('DELETE FROM checkpoints WHERE kept = 0'),
    insertCheckpoint: database.prepare<[number, string], never>(
      'INSERT INTO checkpoints (size, note, kept) VALUES (?, ?, 0)',
    ),
    keepCheckpoint: database.prepare<[number], never>('UPDATE checkpoints SET kept = 1 WHERE size = ?'),
    insertDelta: database.prepare<[string, number, string], never>(
      'INSERT INTO turn_deltas (turn_id, seq, text) VALUES (?, ?, ?)',
    ),
  };
}
