import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { deviceIdSchema } from '../../electron/shared/ids.ts';
import { openWritableDatabase } from '../../electron/vault/database/open-database.ts';
import { openAuditLog } from '../../electron/vault/log/audit-log.ts';
import { systemClock } from '../../electron/vault/log/clock.ts';
import { openLogReader } from '../../electron/vault/log/log-reader.ts';
import { copyOf, keptRecord, type RecordFolder } from './record.ts';
import { percentile, type Row, type Sides } from './row.ts';

const appendsPerRound = 200;
const text = 'A made-up sentence that is part of a longish answer of the model. '.repeat(32).slice(0, 2048);

/** Of each round: the middle one of its appends, and the slow ones, which fill the search index. */
export const appendRows: readonly Row[] = [
  {
    id: 'log.append.p50_ratio',
    what: 'ms, p50, to append an entry with a text of 2 KB to the encrypted record: leaf, text, tree, signed checkpoint, and the index',
    unit: 'ratio',
    baseline: 'ms, p50, to insert the same bytes into a plain SQLite file, synced as often',
    goal: 3,
    better: 'lower',
    pairs: 9,
    budgetMs: 30_000,
    open: (entries) => openSides(entries, 0.5),
  },
  {
    id: 'log.append.p99_ms',
    what: 'ms, p99, of the same append',
    unit: 'ms',
    baseline: 'ms, p99, of the same insert',
    goal: 10,
    better: 'lower',
    pairs: 9,
    budgetMs: 30_000,
    open: (entries) => openSides(entries, 0.99),
  },
];

async function openSides(entries: number, fraction: number): Promise<Sides> {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
  const record = openAppend(copyOf(await keptRecord(entries), join(folder, 'record')));
  record.append();
  const plain = openPlainInsert(join(folder, 'plain.db'), record.lastLeaf());
  const round = (work: () => void): number => {
    const times = Array.from({ length: appendsPerRound }, () => {
      const startedAt = performance.now();
      work();
      return performance.now() - startedAt;
    });
    return percentile(times, fraction);
  };
  return {
    ours: async () => round(record.append),
    peer: async () => round(plain.insert),
    close: async () => {
      record.close();
      plain.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function openAppend({ databasePath, origin, keys }: RecordFolder) {
  const database = openWritableDatabase(databasePath, keys.dek, { mustExist: true });
  const log = openAuditLog({
    database,
    clock: systemClock(),
    origin,
    logSeed: keys.logSeed,
    device: deviceIdSchema.parse(randomUUID()),
    appVersion: '0.1.0',
    onAppended: () => undefined,
  });
  const reader = openLogReader(database);
  return {
    append: () => {
      log.append({
        type: 'clipboard.copied',
        actor: { id: null, role: 'system' },
        session: null,
        patient: null,
        outcome: 'success',
        data: { turn: null, characters: text.length },
        texts: { copied: text },
      });
    },
    lastLeaf: () => reader.leaf(reader.size() - 1) ?? Buffer.alloc(0),
    close: () => {
      database.close();
    },
  };
}

/** SQLite as Node brings it along, without a key; what decides on durability is set as in `open-database.ts`. */
function openPlainInsert(path: string, leaf: Uint8Array) {
  const database = new DatabaseSync(path);
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;' +
      'CREATE TABLE plain (id INTEGER PRIMARY KEY, leaf BLOB NOT NULL, text TEXT NOT NULL) STRICT',
  );
  const insert = database.prepare('INSERT INTO plain (leaf, text) VALUES (?, ?)');
  return {
    insert: () => {
      insert.run(leaf, text);
    },
    close: () => {
      database.close();
    },
  };
}
