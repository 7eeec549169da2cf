import { publicKeyOf, signEd25519, verifyEd25519 } from './ed25519.ts';
import { leafDataSchemas, type LeafData } from './leaf.ts';
import { publicKeyHash } from './log-key.ts';
import { formatVerifierKey, parseVerifierKey } from './signed-note.ts';

/**
 * FORMAT.md, "Restored on another computer": a tree of its own, with an origin and a key of its own, whose first leaf says
 * which record it continues and how far that one had come. The old key and the new one sign one statement.
 */
export type LogContinuation = LeafData<'log.continued'>;

/** The record that is closed: all of its entries up to the backup. */
export type ClosedRecord = {
  readonly origin: string;
  /** Of the key that signed its newest checkpoint. */
  readonly verifierKey: string;
  readonly size: number;
  /** Hex. */
  readonly rootHash: string;
};

/** @param oldSeed, newSeed Ed25519 seeds of 32 bytes; the caller zeroes them */
export function signContinuation(
  closed: ClosedRecord,
  origin: string,
  oldSeed: Uint8Array,
  newSeed: Uint8Array,
): LogContinuation {
  const newKey = publicKeyOf(newSeed);
  const statement = statementOf(closed, formatVerifierKey(origin, newKey));
  return {
    origin,
    logKey: publicKeyHash(newKey),
    epoch: epochOf(origin),
    oldOrigin: closed.origin,
    oldSize: closed.size,
    oldRoot: closed.rootHash,
    oldKeyPublic: toBase64(publicKeyOf(oldSeed)),
    newKeyPublic: toBase64(newKey),
    oldSignature: toBase64(signEd25519(statement, oldSeed)),
    newSignature: toBase64(signEd25519(statement, newSeed)),
  };
}

/** @returns what is wrong with the first entry of a record that continues another, for IT; null where it is right */
export function continuationProblem(continuation: LogContinuation, origin: string): string | null {
  const { oldOrigin, oldSize, oldRoot, oldSignature, newSignature } = continuation;
  const oldKey = Buffer.from(continuation.oldKeyPublic, 'base64');
  const newKey = Buffer.from(continuation.newKeyPublic, 'base64');
  if (continuation.origin !== origin || oldOrigin === origin)
    return 'the first entry does not begin this record';
  if (continuation.epoch !== epochOf(origin) || continuation.epoch !== epochOf(oldOrigin) + 1)
    return 'the first entry continues a record of another number';
  if (publicKeyHash(newKey) !== continuation.logKey || newKey.equals(oldKey))
    return 'the first entry names a key that it does not bring';
  const closed = {
    origin: oldOrigin,
    verifierKey: formatVerifierKey(oldOrigin, oldKey),
    size: oldSize,
    rootHash: oldRoot,
  };
  const statement = statementOf(closed, formatVerifierKey(origin, newKey));
  if (!verifyEd25519(statement, Buffer.from(oldSignature, 'base64'), oldKey))
    return 'the key of the record before did not sign that it is continued here';
  if (!verifyEd25519(statement, Buffer.from(newSignature, 'base64'), newKey))
    return 'the key of this record did not sign what it continues';
  return null;
}

/** Whether the record that is at hand is the one that the first entry names, as long as that and no longer. */
export function isContinuationOf(continuation: LogContinuation, closed: ClosedRecord): boolean {
  const key = parseVerifierKey(closed.verifierKey);
  return (
    continuation.oldOrigin === closed.origin &&
    continuation.oldSize === closed.size &&
    continuation.oldRoot === closed.rootHash &&
    key !== null &&
    continuation.oldKeyPublic === toBase64(key.publicKey)
  );
}

/** @param data of a leaf; @returns null where it is not of this event's shape */
export function continuationData(data: unknown): LogContinuation | null {
  return leafDataSchemas['log.continued'].safeParse(data).data ?? null;
}

/** The last part of an origin. */
export function epochOf(origin: string): number {
  return Number(/\/([0-9]+)$/.exec(origin)?.[1] ?? Number.NaN);
}

/** An origin begins with `cloister.`: no checkpoint can be read as such a statement, and no statement as a checkpoint. */
function statementOf({ origin, verifierKey, size, rootHash }: ClosedRecord, newVerifierKey: string): Buffer {
  const lines = [
    'cloister/1 log continued',
    origin,
    String(size),
    Buffer.from(rootHash, 'hex').toString('base64'),
    verifierKey,
    newVerifierKey,
  ];
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
