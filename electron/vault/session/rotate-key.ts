import { randomBytes } from 'node:crypto';

import { err, ok, type Result } from '../../shared/result.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import { holdersOf, resealedKeyring } from '../rotation/resealed-keyring.ts';
import { rotateDek } from '../rotation/rotate-dek.ts';
import type { OpenSession } from './open-session.ts';
import { recordEvent } from './record-event.ts';

/**
 * A new key for the record, and the end of this session: the process that knew the old key goes. The leaf is written
 * before, so that it stands in the record that the new key opens; where nothing came of it, a second one says so.
 */
export async function rotateKey(deps: {
  readonly open: OpenSession;
  readonly keyring: Keyring;
  readonly folder: string;
  readonly reason: 'user-removed' | 'by-hand';
  /** Opens the record once more with its old keys. */
  readonly reopen: (keys: VaultKeys) => Promise<Result<OpenSession>>;
}): Promise<Result<Record<string, never>>> {
  const { open, keyring, reason } = deps;
  const holders = holdersOf(keyring);
  const data = { reason, holders: holders.length };
  const keys = { dek: Buffer.from(open.dek), logSeed: Buffer.from(open.logSeed) };
  try {
    recordEvent(open, { type: 'key.rotated', data });
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
      rotated.value.keys.dek.fill(0);
      rotated.value.keys.logSeed.fill(0);
      return ok({});
    }
    if (rotated.error.keysInForce === 'old') await recordFailure(deps.reopen, keys, data);
    return err(rotated.error.error);
  } finally {
    keys.dek.fill(0);
    keys.logSeed.fill(0);
  }
}

async function recordFailure(
  reopen: (keys: VaultKeys) => Promise<Result<OpenSession>>,
  keys: VaultKeys,
  data: { readonly reason: 'user-removed' | 'by-hand'; readonly holders: number },
): Promise<void> {
  const again = await reopen({ dek: Buffer.from(keys.dek), logSeed: Buffer.from(keys.logSeed) });
  if (!again.ok) return;
  recordEvent(again.value, { type: 'key.rotated', outcome: 'failed', data });
  again.value.close();
}
