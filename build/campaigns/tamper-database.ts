import { checkAnchors } from '../../electron/vault/anchors/check-anchors.ts';
import { createBundleFixture } from '../../electron/vault/log/bundle-fixture.ts';
import { openLogReader } from '../../electron/vault/log/log-reader.ts';
import { verifyLog } from '../../electron/vault/log/verify-log.ts';
import { changesOf } from './tamper-changes.ts';
import { judge, type Random, type Tampering } from './tampering-verdict.ts';

/** Sizes at which a checkpoint left the machine. The last one is what the record is compared with. */
const kept = [3, 17, 40, 52] as const;
const copies = 57;

/**
 * Whoever has the key of the file and not the one that signs: rows are changed in a transaction that is taken back
 * afterwards, with every trigger gone.
 */
export function tamperWithDatabase(count: number, random: Random): Tampering[] {
  const fixture = createBundleFixture();
  try {
    fixture.appendTurn('11111111-1111-4111-8111-111111111111');
    fixture.log.keepCheckpoint(3);
    for (let number = 0; number < copies; number += 1) {
      fixture.appendCopies(1);
      const size = fixture.log.size();
      if (kept.some((each) => each === size)) fixture.log.keepCheckpoint(size);
    }
    const { database, reader, origin } = fixture;
    const size = reader.size();
    const pinned = reader.checkpoint(52);
    if (pinned === null) throw new Error('the pinned checkpoint is missing');
    const facts = fixture.facts();
    for (const { name } of database
      .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'trigger'")
      .all())
      database.execute(`DROP TRIGGER ${name}`);
    database.raw.pragma('foreign_keys = OFF');
    const changes = changesOf({ size, origin });
    const run = (sql: string, ...parameters: (string | number | Uint8Array)[]): number =>
      database.prepare<(string | number | Uint8Array)[], never>(sql).run(...parameters).changes;
    const one = <T>(sql: string, ...parameters: (string | number)[]): T => {
      const row = database.prepare<(string | number)[], T>(sql).get(...parameters);
      if (row === undefined) throw new Error(`no row: ${sql}`);
      return row;
    };

    const found: Tampering[] = [];
    for (let number = 0; number < count; number += 1) {
      const change = changes[number % changes.length];
      if (change === undefined) throw new Error('no change');
      database.execute('BEGIN');
      try {
        const expected = change.make({ random, run, one });
        const now = openLogReader(database);
        const check = verifyLog(now, facts, () => undefined);
        const anchored = checkAnchors(now, origin, facts.verifierKey, [pinned]);
        const told = check.consistent
          ? anchored.problem === null
            ? ({ ok: true } as const)
            : ({ ok: false } as const)
          : ({ ok: false, entry: check.firstBadEntry ?? undefined } as const);
        const detail = `expected ${JSON.stringify(expected)}, was told ${JSON.stringify(check)}`;
        found.push({ what: `file: ${change.what}`, verdict: judge(expected, told, kept), detail });
      } finally {
        database.execute('ROLLBACK');
      }
    }
    return found;
  } finally {
    fixture.dispose();
  }
}
