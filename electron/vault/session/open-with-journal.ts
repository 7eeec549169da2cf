import type { FromVault } from '../../links/vault-control.ts';
import type { Notice } from '../../shared/contract.ts';
import type { SignedInUser } from '../../shared/session-contract.ts';
import type { Result } from '../../shared/result.ts';
import { openSecondFactors } from '../accounts/second-factors.ts';
import type { SealedJournal } from '../journal/sealed-journal.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import type { VaultKeys } from '../keys/sealed-keys.ts';
import type { Clock } from '../log/clock.ts';
import { settleLogKey } from '../rotation/settle-log-key.ts';
import { openDatabasePath } from '../rotation/settle-rotation.ts';
import type { Installation } from '../setup/installation-files.ts';
import type { StartMessage } from '../vault-parts.ts';
import { foldJournal } from './fold-journal.ts';
import { openSession, type OpenSession } from './open-session.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import { recordEvent } from './record-event.ts';

export type RecordKeys = {
  readonly keyring: Keyring;
  readonly keys: VaultKeys;
  readonly user: SignedInUser;
};

type Deps = RecordKeys & {
  readonly start: StartMessage;
  readonly tellMain: (message: FromVault) => void;
  readonly clock: Clock;
  readonly journal: SealedJournal;
  readonly policy: PolicyInForce;
  readonly installation: () => Result<Installation>;
  /** The key file was changed: read it again. */
  readonly reload: () => void;
  readonly onAppended: (size: number, elapsedMs: number) => void;
  readonly onNotice: (notice: Notice) => void;
};

/** Opens the record with these keys: an interrupted change of the key is settled, and the time without a key is recorded. */
export async function openWithJournal(deps: Deps): Promise<Result<OpenSession>> {
  const { clock } = deps;
  const folder = deps.start.dataFolder;
  const settled = openDatabasePath({ folder, dek: deps.keys.dek });
  if (!settled.ok) return settled;
  const databasePath = settled.value.path;
  const logKey = await settleLogKey({ folder, keyring: deps.keyring, keys: deps.keys, databasePath });
  if (!logKey.ok) return logKey;
  const { keyring, keys } = logKey.value;
  if (logKey.value.change !== 'none') deps.reload();
  const opened = openSession({
    databasePath,
    origin: keyring.log.origin,
    verifierKey: keyring.log.verifierKey,
    keys,
    user: deps.user,
    clock,
    appVersion: deps.start.version,
    secondFactors: (database) =>
      openSecondFactors({ database, clock, organisation: keyring.organisationName }),
    onAppended: deps.onAppended,
  });
  if (!opened.ok) return opened;
  const open = opened.value;
  deps.tellMain({ kind: 'session-began', userId: deps.user.userId });
  const installation = deps.installation();
  if (installation.ok) installation.value.confirm();
  const folded = await foldJournal(deps.journal, {
    database: open.database,
    log: open.log,
    session: open.actor.sessionId,
  });
  // What cannot be kept for the time without a key is said; the record itself is open and whole.
  if (!folded.ok) deps.onNotice({ kind: 'attention', message: folded.error.message });
  if (settled.value.rotation === 'undone') {
    recordEvent(open, {
      type: 'key.rotated',
      outcome: 'failed',
      data: { reason: 'by-hand', holders: keyring.users.length + keyring.recovery.length },
    });
    deps.onNotice({
      kind: 'attention',
      message:
        'The last change of the key of the record was interrupted, so the old key is still in use. Nothing was lost. IT: change the key again.',
    });
  }
  if (logKey.value.change === 'undone') {
    deps.onNotice({
      kind: 'attention',
      message:
        'The last change of the key that signs the record was interrupted before it began to sign, so the old one still signs. Nothing was lost. IT: change it again.',
    });
  }
  deps.policy.settle(open);
  return opened;
}
