import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceIdSchema, sessionIdSchema, userIdSchema } from '../../shared/ids.ts';
import { migrate } from '../database/migrations.ts';
import { openWritableDatabase, type WritableDatabase } from '../database/open-database.ts';
import { openAuditLog, type AuditLog } from './audit-log.ts';
import type { Clock } from './clock.ts';
import { openLogQuery, type LogQuery } from './log-query.ts';
import { openLogReader, type LogReader } from './log-reader.ts';

/** A real encrypted database with a real log in a temporary folder, for tests. Only the clock is set by hand. */
export type LogFixture = {
  readonly folder: string;
  readonly path: string;
  readonly dek: Uint8Array;
  readonly logSeed: Uint8Array;
  readonly origin: string;
  readonly database: WritableDatabase;
  readonly log: AuditLog;
  readonly reader: LogReader;
  readonly query: LogQuery;
  readonly clock: Clock & { set(nowMs: number): void };
  readonly actor: { readonly id: ReturnType<typeof userIdSchema.parse>; readonly role: 'clinician' };
  readonly session: ReturnType<typeof sessionIdSchema.parse>;
  dispose(): void;
};

export function handSetClock(startMs: number): LogFixture['clock'] {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => Math.max(0, nowMs - startMs),
    bootId: '5f0c7c4e-6a56-4c52-9a86-7b6b3c1d2e3f',
    timeSync: () => 'unknown',
    set: (next) => {
      nowMs = next;
    },
  };
}

export function createLogFixture(): LogFixture {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-test-'));
  const path = join(folder, 'cloister.db');
  const dek = randomBytes(32);
  const logSeed = randomBytes(32);
  const origin = `cloister.clinic.example/${randomUUID()}/0`;
  const database = openWritableDatabase(path, dek, { mustExist: false });
  migrate(database);
  const clock = handSetClock(Date.UTC(2026, 10, 23, 9, 0, 0));
  const log = openAuditLog({
    database,
    clock,
    origin,
    logSeed,
    device: deviceIdSchema.parse(randomUUID()),
    appVersion: '0.1.0',
    onAppended: () => undefined,
  });
  return {
    folder,
    path,
    dek,
    logSeed,
    origin,
    database,
    log,
    reader: openLogReader(database),
    query: openLogQuery(database),
    clock,
    actor: { id: userIdSchema.parse(randomUUID()), role: 'clinician' },
    session: sessionIdSchema.parse(randomUUID()),
    dispose() {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}
