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
import type { LeafOutcome } from '../../shared/log-data.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import { canonicalBytes } from './canonical-json.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { clockToleranceMs, type Clock } from './clock.ts';
import { commitText } from './commitment.ts';
import { keyRotationProblem, namedKeys, signKeyRotation } from './key-rotation.ts';
import {
  leafDataSchemas,
  leafEnvelopeSchema,
  maximumLeafBytes,
  textFieldSchema,
  type LeafData,
  type TextField,
} from './leaf.ts';
import { openLogIndex } from './log-index.ts';
import { nodeId, openLogReader, textId } from './log-reader.ts';
import { prepareLogStatements } from './log-statements.ts';
import { createEdge } from './merkle.ts';
import { DeltaReceipt, LeafReceipt } from './receipt.ts';
import { noteSigner, type NoteSigner } from './signed-note.ts';

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
  /**
   * Commits all of them, in order, or none; `alongside` as above. For what was seen while nobody was signed in.
   * @returns the number of leaves afterwards
   */
  appendAll(drafts: readonly LeafDraft<LogEventType>[], alongside: () => void): number;
  /**
   * Changes the key that signs: one leaf that both keys sign, and its checkpoint by the new key, in one transaction. From
   * then on this log signs with `newSeed`, which the caller zeroes only after the log was closed; the old one it may zero
   * at once. The caller has sealed the new seed into the key file before: FORMAT.md, "How the app changes the key".
   * @param newSeed Ed25519 seed of 32 random bytes that was never a key of this record
   * @throws SqliteError when the disk refuses; then nothing is stored and the old key goes on signing
   */
  rotateKey(
    newSeed: Uint8Array,
    by: Pick<LeafDraft<'log.key-rotated'>, 'actor' | 'session'>,
  ): LeafReceipt<'log.key-rotated'>;
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
  /** Ed25519 seed, 32 bytes, of the key that signed the newest checkpoint. */
  readonly logSeed: Uint8Array;
  readonly device: DeviceId;
  readonly appVersion: string;
  /** Called after each commit with the new number of leaves and what it took, in ms. */
  readonly onAppended: (size: number, elapsedMs: number) => void;
};

type SigningKey = { readonly seed: Uint8Array; readonly sign: NoteSigner };

export function openAuditLog(deps: Deps): AuditLog {
  const { database, clock } = deps;
  const statements = prepareLogStatements(database);
  const index = openLogIndex(database);
  const { readNode } = openLogReader(database);
  const size = (): number => statements.size.get()?.size ?? 0;
  const tree = createEdge(readNode);
  /** As this log left the record, so that an append reads little of it again. */
  let known: { readonly size: number; readonly at: string | null } = { size: -1, at: null };
  let characters = 0;
  let key: SigningKey = { seed: deps.logSeed, sign: noteSigner(deps.origin, deps.logSeed) };

  function write<T extends LogEventType>(draft: LeafDraft<T>, atMs: number, { sign }: SigningKey): Entry {
    const seq = entrySchema.parse(known.size);
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
    for (const [place, { field, salt, text }] of salted.entries()) {
      statements.insertPayload.run(textId(seq, place), seq, field, salt, text);
      characters += text.length;
    }
    // Before the tree: where the rest fails, the size is not the stored one, and all of this is read again.
    known = { size: seq + 1, at };
    for (const node of tree.add(seq, bytes))
      statements.insertNode.run(nodeId(node.level, node.index), node.hash);
    const body = formatCheckpoint({ origin: deps.origin, size: seq + 1, rootHash: tree.root(seq + 1) });
    statements.dropCheckpoint.run(seq);
    statements.insertCheckpoint.run(seq + 1, sign(body));
    return seq;
  }

  /** The jump is told before the leaf that it would make look out of order. */
  function noteClockJump(nowMs: number): void {
    if (known.at === null) return;
    const backwardsMs = Date.parse(known.at) - nowMs;
    // A last leaf that was spoilt has no time: the check of the record names it, and the log goes on.
    if (!(backwardsMs > clockToleranceMs)) return;
    write(
      {
        type: 'clock.jumped-back',
        actor: { id: null, role: 'system' },
        session: null,
        patient: null,
        outcome: 'attention',
        data: { byMs: backwardsMs },
        texts: {},
      },
      nowMs,
      key,
    );
  }

  /** @param signing the key that signs from this transaction's checkpoint on */
  function commit(work: (nowMs: number) => Entry, signing: SigningKey): Entry {
    // A receipt inside somebody else's transaction would exist before its COMMIT.
    if (database.raw.inTransaction) throw new Error('a leaf is committed in a transaction of its own');
    const startedAt = performance.now();
    const nowMs = clock.nowMs();
    const sizeBefore = size();
    if (known.size !== sizeBefore) {
      tree.forget();
      known = { size: sizeBefore, at: statements.lastAt.get()?.at ?? null };
    }
    characters = 0;
    const seq = database.transaction(() => {
      noteClockJump(nowMs);
      return work(nowMs);
    });
    key = signing;
    deps.onAppended(seq + 1, performance.now() - startedAt);
    index.appended(seq + 1 - sizeBefore, characters);
    return seq;
  }

  /** What no verifier would accept must not get into a log that nobody can mend. */
  function rotationTo(newSeed: Uint8Array): LeafData<'log.key-rotated'> {
    const place = { origin: deps.origin, size: size(), rootHash: tree.root(size()) };
    const rotation = signKeyRotation(place, key.seed, newSeed);
    const problem = keyRotationProblem(rotation, place, namedKeys(openLogReader(database)));
    if (problem !== null) throw new Error(`the log key cannot be changed: ${problem}`);
    return rotation;
  }

  return {
    append(draft, alongside) {
      const seq = commit((nowMs) => {
        const written = write(draft, nowMs, key);
        alongside?.(written);
        return written;
      }, key);
      return new LeafReceipt(draft.type, seq, draft.texts);
    },
    appendAll(drafts, alongside) {
      commit((nowMs) => {
        const written = drafts.map((draft) => write(draft, nowMs, key));
        alongside();
        return written.at(-1) ?? entrySchema.parse(size());
      }, key);
      return size();
    },
    rotateKey(newSeed, by) {
      const next = { seed: newSeed, sign: noteSigner(deps.origin, newSeed) };
      const seq = commit(
        (nowMs) =>
          write(
            {
              type: 'log.key-rotated',
              ...by,
              patient: null,
              outcome: 'success',
              data: rotationTo(newSeed),
              texts: {},
            },
            nowMs,
            next,
          ),
        next,
      );
      return new LeafReceipt('log.key-rotated', seq, {});
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

/** In the order of the fields' names, which bundles have too. */
function saltTexts(texts: Readonly<Partial<Record<TextField, string>>>) {
  return Object.entries(texts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => {
      const salt = randomBytes(32);
      return { field: textFieldSchema.parse(name), salt, text, commitment: commitText(text, salt) };
    });
}
