import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceIdSchema } from '../../electron/shared/ids.ts';
import { migrate } from '../../electron/vault/database/migrations.ts';
import { openWritableDatabase } from '../../electron/vault/database/open-database.ts';
import { openAuditLog } from '../../electron/vault/log/audit-log.ts';
import { systemClock } from '../../electron/vault/log/clock.ts';
import { openLogReader } from '../../electron/vault/log/log-reader.ts';
import { verifierKeyFor } from '../../electron/vault/log/signed-note.ts';
import { verifyLog } from '../../electron/vault/log/verify-log.ts';
import type { Row } from './row.ts';

const leaves = 3000;

/** Checking the whole record against the floor: reading and hashing the same rows. */
export const verifyRow: Row = {
  id: 'verify.ratio',
  what: `check of a record of ${leaves} entries: order, form, texts, tree, signature`,
  unit: 'ratio',
  baseline: 'reading the same entries and texts and hashing each once',
  goal: 8,
  better: 'lower',
  pairs: 7,
  budgetMs: 30_000,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
    const database = openWritableDatabase(join(folder, 'bench.db'), randomBytes(32), { mustExist: false });
    migrate(database);
    const logSeed = randomBytes(32);
    const origin = `cloister.bench.example/${randomUUID()}/0`;
    const log = openAuditLog({
      database,
      clock: systemClock(),
      origin,
      logSeed,
      device: deviceIdSchema.parse(randomUUID()),
      appVersion: '0.0.0',
      onAppended: () => undefined,
    });
    const text = 'A made-up sentence. '.repeat(60);
    for (let n = 0; n < leaves; n += 1) {
      log.append({
        type: 'clipboard.copied',
        actor: { id: null, role: 'system' },
        session: null,
        patient: null,
        outcome: 'success',
        data: { turn: null, characters: text.length },
        texts: { copied: text },
      });
    }
    const reader = openLogReader(database);
    const expected = { origin, verifierKey: verifierKeyFor(origin, logSeed) };
    const timed = (work: () => void): number => {
      const startedAt = performance.now();
      work();
      return performance.now() - startedAt;
    };
    return {
      ours: async () =>
        timed(() => {
          const check = verifyLog(reader, expected, () => undefined);
          if (!check.consistent) throw new Error('the record of the bench is not consistent');
        }),
      peer: async () =>
        timed(() => {
          for (const { bytes } of reader.leaves(leaves)) createHash('sha256').update(bytes).digest();
          for (const payload of reader.payloads(leaves)) createHash('sha256').update(payload.text).digest();
        }),
      close: async () => {
        database.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};
