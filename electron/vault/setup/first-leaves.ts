import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { deviceIdSchema, type UserId } from '../../shared/ids.ts';
import type { Role } from '../../shared/roles.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { databaseError } from '../database/database-error.ts';
import { migrate } from '../database/migrations.ts';
import { openWritableDatabase } from '../database/open-database.ts';
import { openAuditLog, type LeafDraft } from '../log/audit-log.ts';
import type { Clock } from '../log/clock.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import { logKeyHash } from '../log/log-key.ts';

type Deps = {
  readonly path: string;
  readonly origin: string;
  readonly keys: { readonly dek: Uint8Array; readonly logSeed: Uint8Array };
  readonly clock: Clock;
  readonly appVersion: string;
  readonly organisationName: string;
  /** SHA-256 of each recovery recipient, in hex. */
  readonly recipients: readonly string[];
  readonly users: readonly { readonly userId: UserId; readonly role: Role; readonly displayName: string }[];
};

/** A new database with the leaves of the set-up; closed again. A failure leaves no file. */
export function writeFirstLeaves(deps: Deps): Result<void> {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${deps.path}${suffix}`, { force: true });
  try {
    const database = openWritableDatabase(deps.path, deps.keys.dek, { mustExist: false });
    try {
      migrate(database);
      const device = deviceIdSchema.parse(randomUUID());
      database
        .prepare<[string, string], never>(
          'INSERT INTO installation (only_row, device_id, origin) VALUES (1, ?, ?)',
        )
        .run(device, deps.origin);
      const log = openAuditLog({
        database,
        clock: deps.clock,
        origin: deps.origin,
        logSeed: deps.keys.logSeed,
        device,
        appVersion: deps.appVersion,
        onAppended: () => undefined,
      });
      const append = <T extends LogEventType>(draft: Pick<LeafDraft<T>, 'type' | 'data' | 'texts'>): void => {
        log.append<T>({
          ...draft,
          actor: { id: null, role: 'system' },
          session: null,
          patient: null,
          outcome: 'success',
        });
      };
      append({
        type: 'log.created',
        data: { origin: deps.origin, logKey: logKeyHash(deps.keys.logSeed), epoch: 0 },
        texts: { organisationName: deps.organisationName },
      });
      for (const recipient of deps.recipients)
        append({ type: 'recovery.proven', data: { recipient }, texts: {} });
      for (const user of deps.users) {
        append({
          type: 'user.created',
          data: { user: user.userId, role: user.role },
          texts: { displayName: user.displayName },
        });
      }
    } finally {
      database.close();
    }
    return ok(undefined);
  } catch (cause) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${deps.path}${suffix}`, { force: true });
    const known = databaseError(cause);
    if (known === null) throw cause;
    return err(known);
  }
}
