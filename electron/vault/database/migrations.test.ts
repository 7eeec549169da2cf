import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createBundleFixture } from '../log/bundle-fixture.ts';
import { openLogQuery } from '../log/log-query.ts';
import { openLogReader } from '../log/log-reader.ts';
import { nodesAddedBy, hashLeaf } from '../log/merkle.ts';
import { verifyLog } from '../log/verify-log.ts';
import { migrate } from './migrations.ts';
import { openWritableDatabase } from './open-database.ts';

it('makes of a file of version 2 the same record, and one that can be looked through', () => {
  const fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  fixture.appendCopies(20);
  const folder = mkdtempSync(join(tmpdir(), 'cloister-migration-'));
  const database = openWritableDatabase(join(folder, 'old.db'), randomBytes(32), { mustExist: false });
  expect(migrate(database, 2)).toBe(2);
  const { reader } = fixture;
  const size = reader.size();
  const insertLeaf = database.prepare('INSERT INTO leaves (seq, leaf) VALUES (?, ?)');
  const insertNode = database.prepare('INSERT INTO tree_nodes (level, position, hash) VALUES (?, ?, ?)');
  const insertText = database.prepare('INSERT INTO payloads (seq, field, salt, text) VALUES (?, ?, ?, ?)');
  for (const { index, bytes } of reader.leaves(size)) {
    insertLeaf.run(index, bytes);
    for (const node of nodesAddedBy(index, hashLeaf(bytes), reader.readNode))
      insertNode.run(node.level, node.index, node.hash);
    for (const { field, salt, text } of reader.payloadsOf(index).toReversed())
      insertText.run(index, field, salt, text);
  }
  database
    .prepare('INSERT INTO checkpoints (size, note, kept) VALUES (?, ?, 0)')
    .run(size, reader.checkpoint(size));

  expect(migrate(database)).toBeGreaterThan(0);
  expect(migrate(database)).toBe(0);
  expect([...openLogReader(database).payloads(size)]).toEqual([...reader.payloads(size)]);
  expect(verifyLog(openLogReader(database), fixture.facts(), () => undefined)).toMatchObject({
    consistent: true,
    treeSize: size,
  });
  const found = openLogQuery(database).page(
    {
      scope: { kind: 'all' },
      actor: null,
      type: null,
      patient: null,
      outcome: null,
      model: 'made-up-model',
      from: null,
      to: null,
      words: ['answer'],
    },
    { order: { by: 'entry', oldestFirst: false }, after: null, limit: 10 },
  );
  expect(found.map(({ seq, type }) => [seq, type])).toEqual([[2, 'response.completed']]);
  database.close();
  fixture.dispose();
  rmSync(folder, { recursive: true });
});
