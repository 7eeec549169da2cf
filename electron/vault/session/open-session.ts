import { randomUUID } from 'node:crypto';
import type { AppError } from '../../shared/app-error.ts';
import { appError } from '../../shared/app-error.ts';
import { deviceIdSchema, sessionIdSchema, type DeviceId } from '../../shared/ids.ts';
import type { SignedInUser } from '../../shared/session-contract.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { openAccountStore, type AccountStore } from '../accounts/account-store.ts';
import type { SecondFactors } from '../accounts/second-factors.ts';
import { databaseError } from '../database/database-error.ts';
import { migrate } from '../database/migrations.ts';
import { isSmall, isWhole, openWritableDatabase, type WritableDatabase } from '../database/open-database.ts';
import { openAuditLog, type AuditLog } from '../log/audit-log.ts';
import { forgetKeys, type VaultKeys } from '../keys/sealed-keys.ts';
import type { Clock } from '../log/clock.ts';
import { openLogDigest, type LogDigest } from '../log/log-digest.ts';
import { openLogQuery, type LogQuery } from '../log/log-query.ts';
import { openLogReader, type LogReader } from '../log/log-reader.ts';
import { checkNewestCheckpoint } from '../log/verify-opened.ts';
import { openWorkspaceDrafts, type WorkspaceDrafts } from '../turns/workspace-drafts.ts';
import { openTurnStore, type TurnStore } from '../turns/turn-store.ts';
import type { Actor } from './session.ts';

/** All that exists only while somebody is signed in. Ends with the process: nothing of it is used again after a lock. */
export type OpenSession = {
  readonly actor: Actor;
  readonly origin: string;
  readonly verifierKey: string;
  readonly databasePath: string;
  readonly database: WritableDatabase;
  /** False: the file is large, and is looked through in the background while somebody works. */
  readonly isFileChecked: boolean;
  readonly reader: LogReader;
  readonly query: LogQuery;
  readonly digest: LogDigest;
  readonly log: AuditLog;
  readonly turns: TurnStore;
  readonly drafts: WorkspaceDrafts;
  readonly accounts: AccountStore;
  readonly factors: SecondFactors;
  /** For worker threads; the same buffer is zeroed by `close`. */
  readonly dek: Uint8Array;
  readonly logSeed: Uint8Array;
  close(): void;
};

type Deps = {
  readonly databasePath: string;
  readonly origin: string;
  readonly verifierKey: string;
  readonly keys: VaultKeys;
  readonly user: SignedInUser;
  readonly clock: Clock;
  readonly appVersion: string;
  readonly secondFactors: (database: WritableDatabase) => SecondFactors;
  readonly onAppended: (size: number, elapsedMs: number) => void;
};

export function openSession(deps: Deps): Result<OpenSession> {
  const opened = openChecked(deps);
  if (!opened.ok) return opened;
  const { database, reader, device, isFileChecked } = opened.value;
  const { keys, user } = deps;
  const log = openAuditLog({
    database,
    clock: deps.clock,
    origin: deps.origin,
    logSeed: keys.logSeed,
    device,
    appVersion: deps.appVersion,
    onAppended: deps.onAppended,
  });
  return ok({
    actor: {
      userId: user.userId,
      role: user.role,
      displayName: user.displayName,
      sessionId: sessionIdSchema.parse(randomUUID()),
    },
    origin: deps.origin,
    verifierKey: deps.verifierKey,
    databasePath: deps.databasePath,
    database,
    isFileChecked,
    reader,
    query: openLogQuery(database),
    digest: openLogDigest(database),
    log,
    turns: openTurnStore(database),
    drafts: openWorkspaceDrafts(database),
    accounts: openAccountStore(database),
    factors: deps.secondFactors(database),
    dek: keys.dek,
    logSeed: keys.logSeed,
    close() {
      database.close();
      forgetKeys(keys);
    },
  });
}

type Opened = {
  readonly database: WritableDatabase;
  readonly reader: LogReader;
  readonly device: DeviceId;
  readonly isFileChecked: boolean;
};

/** A file that is damaged, of another installation, or that does not match its checkpoint is never written to. */
function openChecked(deps: Deps): Result<Opened> {
  let database: WritableDatabase | null = null;
  const refuse = (error: AppError): Result<Opened> => {
    database?.close();
    return err(error);
  };
  try {
    database = openWritableDatabase(deps.databasePath, deps.keys.dek, { mustExist: true });
    const isFileChecked = isSmall(database);
    if (isFileChecked && !isWhole(database)) return refuse(damaged);
    migrate(database);
    const row = database
      .prepare<[], { deviceId: string; origin: string }>(
        'SELECT device_id AS deviceId, origin FROM installation',
      )
      .get();
    if (row === undefined || row.origin !== deps.origin) return refuse(damaged);
    const reader = openLogReader(database);
    const checked = checkNewestCheckpoint(reader, deps.origin, deps.verifierKey);
    if (!checked.ok) return refuse(checked.error);
    return ok({ database, reader, device: deviceIdSchema.parse(row.deviceId), isFileChecked });
  } catch (cause) {
    const known = databaseError(cause);
    if (known === null) throw cause;
    return refuse(known);
  }
}

const damaged = appError(
  'database-damaged',
  'The record file is damaged and could not be opened. Nothing was changed or deleted. Do not use this computer for Cloister; call IT, who can restore a backup.',
);
