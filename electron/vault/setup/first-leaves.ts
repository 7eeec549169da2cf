import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { deviceIdSchema } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { databaseError } from '../database/database-error.ts';
import { migrate } from '../database/migrations.ts';
import { openWritableDatabase } from '../database/open-database.ts';
import { openJournalSecrets } from '../journal/journal-secrets.ts';
import type { JournalSecrets } from '../journal/sealed-journal.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import { recipientHash } from '../keys/recovery-key.ts';
import { openAuditLog, type LeafDraft } from '../log/audit-log.ts';
import type { Clock } from '../log/clock.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import { logKeyHash } from '../log/log-key.ts';

type Deps = {
  readonly path: string;
  readonly keyring: Keyring;
  readonly keys: { readonly dek: Uint8Array; readonly logSeed: Uint8Array };
  readonly clock: Clock;
  readonly appVersion: string;
  /** Of a computer that IT prepared: the file's SHA-256 in hex, and the organisation's key. */
  readonly journal: JournalSecrets;
  readonly provisioning: { readonly sha256: string; readonly verifierKey: string } | null;
};

/** A new database with the leaves of the set-up; closed again. A failure leaves no file. */
export function writeFirstLeaves(deps: Deps): Result<void> {
  const { keyring, provisioning } = deps;
  const { origin } = keyring.log;
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
        .run(device, origin);
      openJournalSecrets(database).add(deps.journal);
      const log = openAuditLog({
        database,
        clock: deps.clock,
        origin,
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
        data: { origin, logKey: logKeyHash(deps.keys.logSeed), epoch: 0 },
        texts: { organisationName: keyring.organisationName },
      });
      if (provisioning !== null) {
        append({
          type: 'organisation.enrolled',
          data: {
            organisationKey: createHash('sha256').update(provisioning.verifierKey).digest('hex'),
            provisioning: provisioning.sha256,
            users: keyring.users.length,
          },
          texts: {},
        });
      }
      for (const { recipient, provenAt } of keyring.recovery) {
        if (provenAt !== null)
          append({ type: 'recovery.proven', data: { recipient: recipientHash(recipient) }, texts: {} });
      }
      for (const { userId, role, displayName } of keyring.users)
        append({ type: 'user.created', data: { user: userId, role }, texts: { displayName } });
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
