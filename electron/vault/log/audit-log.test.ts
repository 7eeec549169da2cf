import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { turnIdSchema } from '../../shared/ids.ts';
import { openReadOnlyDatabase } from '../database/open-database.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { commitText } from './commitment.ts';
import { leafEnvelopeSchema } from './leaf.ts';
import { parseLeaf } from './leaves-of.ts';
import { createLogFixture, type LogFixture } from './log-fixture.ts';
import { hashLeaf, rootOf } from './merkle.ts';
import { DeltaReceipt, LeafReceipt } from './receipt.ts';
import { openNote, verifierKeyFor } from './signed-note.ts';
import { checkNewestCheckpoint } from './verify-opened.ts';

let fixture: LogFixture;
beforeEach(() => {
  fixture = createLogFixture();
});
afterEach(() => {
  fixture.dispose();
});

function appendCopy(text: string): LeafReceipt<'clipboard.copied'> {
  return fixture.log.append({
    type: 'clipboard.copied',
    actor: fixture.actor,
    session: fixture.session,
    patient: null,
    outcome: 'success',
    data: { turn: null, characters: text.length },
    texts: { copied: text },
  });
}

describe('appending', () => {
  it('stores a leaf whose commitment opens with the stored salt and text', () => {
    const receipt = appendCopy('made-up words');
    const leaf = leafEnvelopeSchema.parse(JSON.parse(String(fixture.reader.leaf(receipt.seq))));
    const [payload] = fixture.reader.payloadsOf(receipt.seq);
    expect(payload?.text).toBe('made-up words');
    expect(leaf.texts).toEqual({ copied: commitText('made-up words', payload?.salt ?? new Uint8Array()) });
  });

  it('signs a checkpoint over the tree in the same transaction', () => {
    for (let n = 0; n < 9; n += 1) appendCopy(`copy ${n}`);
    const note = openNote(
      fixture.reader.checkpoint(9) ?? '',
      verifierKeyFor(fixture.origin, fixture.logSeed),
    );
    expect(note.ok).toBe(true);
    const checkpoint = parseCheckpoint(note.ok ? note.value : '');
    const root = rootOf(9, (level, position) => fixture.reader.readNode(level, position));
    expect(checkpoint).toEqual({ ok: true, value: { origin: fixture.origin, size: 9, rootHash: root } });
    expect(fixture.reader.readNode(0, 3)).toEqual(
      Buffer.from(hashLeaf(fixture.reader.leaf(3) ?? new Uint8Array())),
    );
  });

  it('keeps the newest checkpoint and those that left the machine', () => {
    for (let n = 0; n < 3; n += 1) appendCopy(`copy ${n}`);
    fixture.log.keepCheckpoint(3);
    for (let n = 0; n < 3; n += 1) appendCopy(`copy ${n}`);
    expect([1, 2, 3, 4, 5, 6].filter((size) => fixture.reader.checkpoint(size) !== null)).toEqual([3, 6]);
  });

  it('leaves nothing behind when what stands beside the leaf fails', () => {
    appendCopy('first');
    expect(() =>
      fixture.log.append(
        {
          type: 'log.viewed',
          actor: fixture.actor,
          session: null,
          patient: null,
          outcome: 'success',
          data: { entry: null },
          texts: {},
        },
        () => {
          throw new Error('refused');
        },
      ),
    ).toThrow('refused');
    expect(fixture.log.size()).toBe(1);
    expect(fixture.reader.checkpoint(1)).not.toBeNull();
    appendCopy('second');
    appendCopy('third');
    expect(
      checkNewestCheckpoint(fixture.reader, fixture.origin, verifierKeyFor(fixture.origin, fixture.logSeed))
        .ok,
    ).toBe(true);
  });

  it('refuses to make a receipt inside another transaction', () => {
    expect(() => fixture.database.transaction(() => appendCopy('text'))).toThrow('transaction of its own');
  });

  it('tells of a clock that jumped back by more than two seconds, and only then', () => {
    appendCopy('at nine');
    fixture.clock.set(fixture.clock.nowMs() - 1500);
    appendCopy('a little earlier');
    fixture.clock.set(fixture.clock.nowMs() - 60_000);
    appendCopy('a minute earlier');
    const types = [...fixture.reader.leaves(4)].map(({ bytes }) => parseLeaf(bytes)?.event);
    expect(types).toEqual(['clipboard.copied', 'clipboard.copied', 'clock.jumped-back', 'clipboard.copied']);
  });
});

describe('receipts', () => {
  it('are told from look-alikes', () => {
    const receipt = appendCopy('text');
    expect(LeafReceipt.isReceipt(receipt)).toBe(true);
    expect(LeafReceipt.isReceipt({ type: receipt.type, seq: receipt.seq, texts: receipt.texts })).toBe(false);
    expect(
      DeltaReceipt.isReceipt({
        turnId: turnIdSchema.parse('11111111-1111-4111-8111-111111111111'),
        seq: 0,
        text: 'x',
      }),
    ).toBe(false);
  });
});

describe('AC-23 no leaf is changed or removed', () => {
  const attempts = [
    "UPDATE leaves SET leaf = x'00' WHERE seq = 0",
    'DELETE FROM leaves WHERE seq = 0',
    "INSERT OR REPLACE INTO leaves (seq, leaf) VALUES (0, x'00')",
    "INSERT INTO leaves (seq, leaf) VALUES (5, x'00')",
    'UPDATE tree_nodes SET hash = zeroblob(32)',
    'DELETE FROM tree_nodes',
    'INSERT OR REPLACE INTO tree_nodes (id, hash) VALUES (0, zeroblob(32))',
    "UPDATE payloads SET text = 'other'",
    'DELETE FROM payloads',
    "INSERT OR REPLACE INTO payloads (id, seq, field, salt, text) VALUES (0, 0, 'copied', zeroblob(32), 'other')",
  ];
  it.each(attempts)('%s is refused', (sql) => {
    appendCopy('first');
    appendCopy('second');
    const before = fixture.reader.leaf(0);
    expect(() => {
      fixture.database.execute(sql);
    }).toThrow(/never|only|end/);
    expect(fixture.reader.leaf(0)).toEqual(before);
    expect(fixture.reader.payloadsOf(0)[0]?.text).toBe('first');
  });
});

describe('AC-23 logging cannot be disabled', () => {
  const sources = readdirSync(join(import.meta.dirname, '..', '..'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|fixture\.ts$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(import.meta.dirname, '..', '..', name), 'utf8') }));

  it('in one place of the source alone something is added, and nothing takes away but retention', () => {
    const record = String.raw`(?:leaves|tree_nodes|payloads|checkpoints|earlier_\w+)\b`;
    const changes = new RegExp(
      String.raw`(?:INSERT (?:OR \w+ )?INTO|REPLACE INTO|UPDATE|DELETE FROM) ${record}[^'\`]*`,
      'g',
    );
    const found = sources.flatMap(({ name, text }) =>
      [...text.matchAll(changes)].map(([sql]) => `${name}: ${sql}`),
    );
    expect(found.toSorted()).toEqual([
      'vault/backup/carry-record.ts: INSERT INTO earlier_checkpoints (epoch, size, note, kept) VALUES (?, ?, ?, ?)',
      'vault/backup/carry-record.ts: INSERT INTO earlier_leaves (id, leaf) VALUES (?, ?)',
      'vault/backup/carry-record.ts: INSERT INTO earlier_nodes (id, hash) VALUES (?, ?)',
      'vault/backup/carry-record.ts: INSERT INTO earlier_payloads (id, seq, field, salt, text) VALUES (?, ?, ?, ?, ?)',
      'vault/backup/carry-record.ts: INSERT INTO earlier_records (epoch, origin, verifier_key, size) VALUES (?, ?, ?, ?)',
      'vault/log/log-statements.ts: DELETE FROM checkpoints WHERE size = ? AND kept = 0',
      'vault/log/log-statements.ts: INSERT INTO checkpoints (size, note, kept) VALUES (?, ?, 0)',
      'vault/log/log-statements.ts: INSERT INTO leaves (seq, leaf) VALUES (?, ?)',
      'vault/log/log-statements.ts: INSERT INTO payloads (id, seq, field, salt, text) VALUES (?, ?, ?, ?, ?)',
      'vault/log/log-statements.ts: INSERT INTO tree_nodes (id, hash) VALUES (?, ?)',
      'vault/log/log-statements.ts: UPDATE checkpoints SET kept = 1 WHERE size = ?',
      'vault/retention/delete-texts.ts: DELETE FROM payloads WHERE id >= ? AND id < ?',
    ]);
  });

  it('nothing lifts the triggers, and a migration that replaces one puts a stricter one in its place', () => {
    const lifted = sources.filter(({ text }) =>
      /DROP TRIGGER|writable_schema|recursive_triggers=|DISABLE TRIGGER/i.test(text),
    );
    expect(lifted.map(({ name }) => name)).toEqual(['vault/database/retention-tables.ts']);
  });

  it('an entry that cannot be written ends what it was about: nothing is stored, and no receipt is given', () => {
    appendCopy('made-up words');
    expect(appendTooLarge).toThrow();
    expect(fixture.log.size()).toBe(1);
  });

  /** More fields than a leaf can hold. */
  function appendTooLarge(): unknown {
    return fixture.log.append({
      type: 'log.exported',
      actor: fixture.actor,
      session: fixture.session,
      patient: null,
      outcome: 'success',
      data: {
        treeSize: 1,
        root: 'ab'.repeat(32),
        clinicalText: 'withheld',
        selection: null,
        recipients: Array.from({ length: 1100 }, () => 'cd'.repeat(32)),
      },
      texts: {},
    });
  }
});

describe('the file', () => {
  it('shows no word of what was recorded, and does not open with another key', () => {
    appendCopy('unmistakable canary');
    fixture.database.raw.pragma('wal_checkpoint(TRUNCATE)');
    expect(readFileSync(fixture.path).includes('canary')).toBe(false);
    expect(() => openReadOnlyDatabase(fixture.path, new Uint8Array(32))).toThrow('not a database');
  });
});
