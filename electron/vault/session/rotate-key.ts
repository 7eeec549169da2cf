import { randomBytes } from 'node:crypto';
import type { SessionEndReason } from '../../shared/session-end.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { decommission, type DecommissionDeps } from '../decommission/decommission.ts';
import { forgetKeys, type VaultKeys } from '../keys/sealed-keys.ts';
import { holdersOf, resealedKeyring } from '../rotation/resealed-keyring.ts';
import { rotateDek } from '../rotation/rotate-dek.ts';
import { rotateLogKey } from '../rotation/rotate-log-key.ts';
import type { OpenSession } from './open-session.ts';
import type { RecordKeys } from './open-with-journal.ts';
import { recordEvent } from './record-event.ts';
import type { SignedIn } from './signed-in.ts';

export type KeyChangeReason = 'user-removed' | 'by-hand';

/** New keys, and the end of the session: the process that knew the old ones goes. */
export type KeyChanges = {
  rotate(reason: KeyChangeReason): Promise<Result<Record<string, never>>>;
  rotateLogKey(): Promise<Result<Record<string, never>>>;
  /** No keys any more. @param path see `decommission` */
  decommission(path: string): Promise<Result<Record<string, never>>>;
};

type Deps = DecommissionDeps & {
  /** Opens the record once more. */
  readonly open: (input: RecordKeys) => Promise<Result<OpenSession>>;
};

export function createKeyChanges(deps: Deps): KeyChanges {
  async function change(
    act: (signedIn: SignedIn, keys: VaultKeys) => Promise<{ result: Result<unknown>; end: Ends }>,
  ): Promise<Result<Record<string, never>>> {
    const signedIn = deps.signedIn();
    const { session: open, recorder } = signedIn;
    recorder.abort('signed-out');
    // The session may be locked while this goes on, which zeroes its own.
    const keys = { dek: Buffer.from(open.dek), logSeed: Buffer.from(open.logSeed) };
    let end: Ends = 'keys-unchanged';
    try {
      const done = await act(signedIn, keys);
      ({ end } = done);
      return done.result.ok ? ok({}) : err(done.result.error);
    } finally {
      forgetKeys(keys);
      if (end !== null) deps.closeSession(end);
    }
  }

  return {
    rotate: (reason) => change((signedIn, keys) => rotateRecordKey(deps, signedIn, keys, reason)),
    rotateLogKey: () => change((signedIn, keys) => rotateSigningKey(deps, signedIn, keys)),
    decommission: (path) => decommission(deps, path),
  };
}

/** Null: nothing has happened, and the session goes on. */
type Ends = Exclude<SessionEndReason, 'signed-out' | 'locked' | 'decommissioned'> | null;

/**
 * The leaf is written before, so that it stands in the record that the new key opens; where nothing came of it, a second
 * one says so.
 */
async function rotateRecordKey(
  deps: Deps,
  { session: open, keyring: editor, user, spooling, retention }: SignedIn,
  keys: VaultKeys,
  reason: KeyChangeReason,
): Promise<{ result: Result<unknown>; end: Ends }> {
  const keyring = editor.current();
  const holders = holdersOf(keyring);
  const event = { type: 'key.rotated', data: { reason, holders: holders.length } } as const;
  recordEvent(open, event);
  recordEvent(open, { type: 'session.signed-out', data: {} });
  // The next session begins with what this one has not put there.
  spooling.stop();
  retention.stop();
  open.close();
  const rotated = await rotateDek({
    folder: deps.folder,
    keyring,
    keys,
    holders,
    nextKeyring: resealedKeyring,
    random: randomBytes,
  });
  if (rotated.ok) {
    forgetKeys(rotated.value.keys);
    return { result: rotated, end: 'keys-changed' };
  }
  const { error, keysInForce } = rotated.error;
  if (keysInForce === 'new') return { result: err(error), end: 'keys-changed' };
  const again = await deps.open({ keyring, keys, user });
  if (again.ok) {
    recordEvent(again.value, { ...event, outcome: 'failed' });
    again.value.close();
  }
  return { result: err(error), end: 'keys-unchanged' };
}

/** The leaf of the change is the last but one of its session: the new key signs the end of it too. */
async function rotateSigningKey(
  deps: Deps,
  { session: open, keyring, spooling, retention }: SignedIn,
  keys: VaultKeys,
): Promise<{ result: Result<unknown>; end: Ends }> {
  const { userId, role, sessionId } = open.actor;
  const rotated = await rotateLogKey({
    folder: deps.folder,
    keyring: keyring.current(),
    keys,
    random: randomBytes,
    addLeaf(newSeed) {
      open.log.rotateKey(newSeed, { actor: { id: userId, role }, session: sessionId });
      recordEvent(open, { type: 'session.signed-out', data: {} });
      spooling.stop();
      retention.stop();
      open.close();
    },
  });
  if (rotated.ok) return { result: rotated, end: 'log-key-changed' };
  return { result: err(rotated.error.error), end: rotated.error.isBegun ? 'keys-unchanged' : null };
}
