import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openReadOnlyDatabase } from '../database/open-database.ts';
import { createBundleFixture, type BundleFixture } from './bundle-fixture.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { canonicalBytes } from './canonical-json.ts';
import { openLogQuery } from './log-query.ts';
import { nodeId, openLogReader, openSnapshotReader } from './log-reader.ts';
import { hashLeaf, nodesAddedBy, rootOf } from './merkle.ts';
import { signNote, verifierKeyFor } from './signed-note.ts';
import { verifyLog, type LogCheck } from './verify-log.ts';

/** Leaves: 0 log.created, 1 prompt.submitted, 2 response.completed, 3 to 6 clipboard.copied; kept checkpoint at 3. */
let fixture: BundleFixture;
beforeEach(() => {
  fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  fixture.log.keepCheckpoint(3);
  fixture.appendCopies(4);
});
afterEach(() => {
  fixture.dispose();
});

function check(): LogCheck {
  return verifyLog(fixture.reader, fixture.facts(), () => undefined);
}

/** Changes stored rows as somebody with the database key could, the triggers taken off first. */
function tamper(sql: string, ...parameters: readonly (string | number | Uint8Array)[]): void {
  const { raw } = fixture.database;
  const triggers = raw
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    .all();
  raw.pragma('foreign_keys=OFF');
  for (const { name } of triggers) raw.exec(`DROP TRIGGER ${name}`);
  expect(raw.prepare(sql).run(...parameters).changes).toBeGreaterThan(0);
}

function found(): Pick<LogCheck, 'consistent' | 'firstBadEntry' | 'problem'> {
  const { consistent, firstBadEntry, problem } = check();
  return { consistent, firstBadEntry, problem };
}

/** Makes tree and newest checkpoint fit the stored leaves again: what needs both keys. */
function rebuildTree(seed: Uint8Array = fixture.logSeed): void {
  tamper('DELETE FROM tree_nodes');
  const { raw } = fixture.database;
  const insert = raw.prepare('INSERT INTO tree_nodes (id, hash) VALUES (?, ?)');
  const read = (level: number, index: number) => fixture.reader.readNode(level, index);
  const leaves = [...fixture.reader.leaves(7)];
  leaves.forEach(({ bytes }, index) => {
    for (const node of nodesAddedBy(index, hashLeaf(bytes), read))
      insert.run(nodeId(node.level, node.index), node.hash);
  });
  const size = leaves.length;
  const note = signNote(
    formatCheckpoint({ origin: fixture.origin, size, rootHash: rootOf(size, read) }),
    fixture.origin,
    seed,
  );
  raw.prepare('UPDATE checkpoints SET note = ? WHERE size = ?').run(note, size);
}

describe('the check of the whole record', () => {
  it('finds an untouched one consistent and counts what it read', () => {
    const root = rootOf(7, (level, index) => fixture.reader.readNode(level, index));
    expect(check()).toEqual({
      consistent: true,
      treeSize: 7,
      rootHash: Buffer.from(root).toString('hex'),
      payloadsChecked: 8,
      firstBadEntry: null,
      problem: null,
    });
  });

  it('sees one moment of a record that grows, and leaves its handle free to close', () => {
    fixture.appendCopies(1000);
    const database = openReadOnlyDatabase(fixture.path, fixture.dek);
    const reader = openSnapshotReader(database);
    fixture.appendCopies(1);
    const seen = verifyLog(reader, fixture.facts(), () => {
      fixture.appendCopies(1);
    });
    database.close();
    expect({ consistent: seen.consistent, size: seen.treeSize, now: fixture.log.size() }).toEqual({
      consistent: true,
      size: 1007,
      now: 1009,
    });
  });

  it('leaves its handle free to close when it stopped at a fault', () => {
    tamper('UPDATE leaves SET leaf = ? WHERE seq = 2', Buffer.from('{}'));
    const database = openReadOnlyDatabase(fixture.path, fixture.dek);
    expect(verifyLog(openLogReader(database), fixture.facts(), () => undefined).firstBadEntry).toBe(2);
    database.close();
  });

  it.each([
    [
      'a changed entry',
      'UPDATE leaves SET leaf = CAST(replace(CAST(leaf AS TEXT), \'"success"\', \'"refused"\') AS BLOB) WHERE seq = 4',
      4,
    ],
    ['a removed entry', 'DELETE FROM leaves WHERE seq = 4', 4],
    ['a changed node', 'UPDATE tree_nodes SET hash = zeroblob(32) WHERE id = 193', 3],
    ['a removed node', 'DELETE FROM tree_nodes WHERE id = 194', 3],
    ['a node in another place', 'UPDATE tree_nodes SET id = 197 WHERE id = 194', 3],
    ['a node too many', 'INSERT INTO tree_nodes (id, hash) VALUES (129, zeroblob(32))', 3],
    ['a changed text', "UPDATE payloads SET text = 'other words' WHERE seq = 5", 5],
    ['a changed salt', 'UPDATE payloads SET salt = zeroblob(32) WHERE seq = 1', 1],
    ['a removed text', "DELETE FROM payloads WHERE seq = 1 AND field = 'prompt'", 1],
    ['a text under another name', "UPDATE payloads SET field = 'response' WHERE seq = 3", 3],
    [
      'a text that no entry commits to',
      "INSERT INTO payloads SELECT id + 7, seq, 'zzz', salt, text FROM payloads WHERE seq = 6",
      6,
    ],
  ])('names the entry of %s', (_, sql, entry) => {
    tamper(sql);
    expect(found()).toEqual({ consistent: false, firstBadEntry: entry, problem: expect.any(String) });
  });

  it('names the entry that is not canonical or says another place, even where the tree was made to fit', () => {
    const leaf = String(fixture.reader.leaf(4));
    tamper('UPDATE leaves SET leaf = ? WHERE seq = 4', Buffer.from(leaf.replace('{', '{ ')));
    rebuildTree();
    expect(found()).toEqual({
      consistent: false,
      firstBadEntry: 4,
      problem: 'the entry is not in its one canonical form',
    });
  });

  it.each<[string, object, string]>([
    [
      'an event that nobody knows',
      { event: 'note.invented' },
      'the event of the entry is none that this version of the format knows',
    ],
    [
      'data that its event has not',
      { data: { turn: null, characters: 4, said: 'a-cough' } },
      'the data of the entry is not what its event has',
    ],
    [
      'more bytes than an entry may have',
      { data: { n: Array.from({ length: 40_000 }, () => 7) } },
      'the entry is not in its one canonical form',
    ],
  ])('an entry with %s is named, whoever signed it', (_, change, problem) => {
    const leaf: unknown = JSON.parse(String(fixture.reader.leaf(4)));
    const forged = canonicalBytes({
      ...z.record(z.string(), z.json()).parse(leaf),
      ...z.record(z.string(), z.json()).parse(change),
    });
    tamper('UPDATE leaves SET leaf = ? WHERE seq = 4', forged);
    rebuildTree();
    expect(found()).toEqual({ consistent: false, firstBadEntry: 4, problem });
    // The rest can still be looked through.
    const page = { order: { by: 'entry', oldestFirst: false }, after: null, limit: 10 } as const;
    const none = { actor: null, type: null, patient: null, outcome: null, model: null, from: null, to: null };
    const listed = openLogQuery(fixture.database).page({ scope: { kind: 'all' }, ...none, words: [] }, page);
    expect(listed.map(({ seq }) => seq).filter((seq) => seq !== 4)).toEqual([6, 5, 3, 2, 1, 0]);
  });

  it('names the entry at which the clock went back without a word', () => {
    const leaf = String(fixture.reader.leaf(4)).replace('T09:', 'T08:');
    tamper('UPDATE leaves SET leaf = ? WHERE seq = 4', Buffer.from(leaf));
    rebuildTree();
    expect(found()).toEqual({
      consistent: false,
      firstBadEntry: 4,
      problem: 'the clock went back and the record does not say so',
    });
  });

  it('accepts a jump of the clock that the record tells of', () => {
    fixture.clock.set(fixture.clock.nowMs() - 60_000);
    fixture.appendCopies(1);
    expect(found()).toEqual({ consistent: true, firstBadEntry: null, problem: null });
  });

  it.each([
    ['is missing', 'DELETE FROM checkpoints WHERE size = 7', 'the newest checkpoint is missing'],
    [
      'is of another size',
      'UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 3) WHERE size = 7',
      'the newest checkpoint describes another tree',
    ],
    [
      'is not the only one behind a record that ends before it',
      'INSERT INTO checkpoints (size, note, kept) SELECT 9, note, 0 FROM checkpoints WHERE size = 7',
      'a stored checkpoint signs more entries than there are',
    ],
    [
      'is damaged',
      "UPDATE checkpoints SET note = replace(note, '7', '8') WHERE size = 7",
      'a checkpoint is not signed by the key of this record',
    ],
  ])('says that the newest checkpoint %s', (_, sql, problem) => {
    tamper(sql);
    expect(found()).toEqual({ consistent: false, firstBadEntry: null, problem });
  });

  it('says that another key signed', () => {
    const other = verifyLog(
      fixture.reader,
      { origin: fixture.origin, verifierKey: verifierKeyFor(fixture.origin, randomBytes(32)) },
      () => undefined,
    );
    expect(other).toMatchObject({
      consistent: false,
      problem: 'a checkpoint is not signed by the key of this record',
    });
  });

  it('finds by an exported checkpoint what was rewritten with both keys', () => {
    tamper(
      'UPDATE leaves SET leaf = ? WHERE seq = 1',
      Buffer.from(String(fixture.reader.leaf(1)).replace('"seed":7', '"seed":8')),
    );
    rebuildTree();
    expect(found()).toEqual({
      consistent: false,
      firstBadEntry: null,
      problem: 'the 3 entries that left this computer earlier are not the first of this record',
    });
    tamper('DELETE FROM checkpoints WHERE size = 3');
    expect(found()).toEqual({ consistent: true, firstBadEntry: null, problem: null });
  });

  it('finds a record that is shorter than what was exported', () => {
    tamper('UPDATE checkpoints SET size = 70 WHERE size = 3');
    expect(found()).toEqual({
      consistent: false,
      firstBadEntry: null,
      problem: 'the record is shorter than what left this computer earlier',
    });
  });
});
