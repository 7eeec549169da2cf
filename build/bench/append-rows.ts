import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../electron/vault/database/migrations.ts';
import { openWritableDatabase } from '../../electron/vault/database/open-database.ts';
import { openAuditLog, type AuditLog } from '../../electron/vault/log/audit-log.ts';
import { systemClock } from '../../electron/vault/log/clock.ts';
import { deviceIdSchema } from '../../electron/shared/ids.ts';
import type { Row } from './row.ts';

const appendsPerRound = 50;
const text = 'A made-up sentence of about the length of a short answer. '.repeat(20);

function openLog(folder: string): { log: AuditLog; insertPlain: () => void; close: () => void } {
  const database = openWritableDatabase(join(folder, 'bench.db'), randomBytes(32), { mustExist: false });
  migrate(database);
  database.execute('CREATE TABLE plain (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT');
  const insert = database.prepare<[string], never>('INSERT INTO plain (text) VALUES (?)');
  const log = openAuditLog({
    database,
    clock: systemClock(),
    origin: `cloister.bench.example/${randomUUID()}/0`,
    logSeed: randomBytes(32),
    device: deviceIdSchema.parse(randomUUID()),
    appVersion: '0.0.0',
    onAppended: () => undefined,
  });
  return { log, insertPlain: () => void database.transaction(() => insert.run(text)), close: database.close };
}

/**
 * What tree, commitments and signature cost over a bare durable row in the same encrypted file. Most of it is encryption:
 * an append touches about eight pages (leaf, text, tree, checkpoint, three indexes), the bare row one.
 */
export const appendRow: Row = {
  id: 'append.ratio',
  what: 'append one leaf with its text, tree nodes and signed checkpoint',
  unit: 'ratio',
  baseline: 'one plain row of the same text, committed to the same SQLCipher file',
  goal: 6,
  better: 'lower',
  pairs: 9,
  budgetMs: 20_000,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
    const { log, insertPlain, close } = openLog(folder);
    const round = (work: () => void): number => {
      const startedAt = performance.now();
      for (let n = 0; n < appendsPerRound; n += 1) work();
      return (performance.now() - startedAt) / appendsPerRound;
    };
    return {
      ours: async () =>
        round(() => {
          log.append({
            type: 'clipboard.copied',
            actor: { id: null, role: 'system' },
            session: null,
            patient: null,
            outcome: 'success',
            data: { turn: null, characters: text.length },
            texts: { copied: text },
          });
        }),
      peer: async () => round(insertPlain),
      close: async () => {
        close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};
