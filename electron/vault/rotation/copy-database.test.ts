import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../database/migrations.ts';
import { openWritableDatabase, type WritableDatabase } from '../database/open-database.ts';
import { copyFromSource } from './copy-database.ts';
import { digestDatabase } from './database-digest.ts';

const oldDek = randomBytes(32);
const newDek = randomBytes(32);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-copy-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Makes a source with this content and copies it; both stay open in the copy's handle. */
function copied(fill: (source: WritableDatabase) => void): WritableDatabase {
  const source = openWritableDatabase(join(folder, 'source.db'), oldDek, { mustExist: false });
  source.raw.unsafeMode(true);
  fill(source);
  source.close();
  const target = openWritableDatabase(join(folder, 'target.db'), newDek, { mustExist: false });
  target.raw.pragma('journal_mode=MEMORY');
  target.raw
    .prepare('ATTACH DATABASE ? AS source KEY ?')
    .run(join(folder, 'source.db'), Buffer.concat([Buffer.from('raw:'), oldDek]));
  const before = copyFromSource(target);
  expect(digestDatabase(target, 'main')).toEqual(before);
  target.execute('DETACH DATABASE source');
  target.close();
  return openWritableDatabase(join(folder, 'target.db'), newDek, { mustExist: true });
}

function copiedSql(sql: string): WritableDatabase {
  return copied((source) => source.execute(sql));
}

function all(database: WritableDatabase, sql: string): unknown[] {
  return database.prepare(sql).all();
}

describe('copyFromSource', () => {
  test('takes every storage class of an ordinary table over as it is, in its row order', () => {
    const copy = copiedSql(`
      CREATE TABLE plain (a, b TEXT, c NUMERIC);
      INSERT INTO plain (rowid, a, b, c) VALUES
        (9, 1, '1', '1'), (3, 1.0, x'00ff', 2.5), (-4, NULL, 'nul' || char(0) || 'byte', 9007199254740993),
        (5, '1', CAST(x'ff41' AS TEXT), zeroblob(3)), (9223372036854775807, 'last', '', x'');
    `);
    expect(
      all(
        copy,
        "SELECT printf('%d', rowid) AS id, typeof(a) AS a, typeof(b) AS b, typeof(c) AS c FROM plain ORDER BY rowid",
      ),
    ).toEqual([
      { id: '-4', a: 'null', b: 'text', c: 'integer' },
      { id: '3', a: 'real', b: 'blob', c: 'real' },
      { id: '5', a: 'text', b: 'text', c: 'blob' },
      { id: '9', a: 'integer', b: 'text', c: 'integer' },
      { id: '9223372036854775807', a: 'text', b: 'text', c: 'blob' },
    ]);
    copy.close();
  });

  test('keeps the hidden row numbers of a table whose key is text', () => {
    const copy = copiedSql(`
      CREATE TABLE named (name TEXT PRIMARY KEY) STRICT;
      INSERT INTO named (rowid, name) VALUES (70, 'a'), (7, 'b');
    `);
    expect(all(copy, 'SELECT rowid, name FROM named ORDER BY rowid')).toEqual([
      { rowid: 7, name: 'b' },
      { rowid: 70, name: 'a' },
    ]);
    copy.close();
  });

  test('copies a table that has a column named rowid, and one whose number runs downwards', () => {
    const copy = copiedSql(`
      CREATE TABLE confusing (rowid TEXT, _rowid_ TEXT);
      INSERT INTO confusing (oid, rowid, _rowid_) VALUES (12, 'a', 'b');
      CREATE TABLE quirk (id INTEGER PRIMARY KEY DESC);
      INSERT INTO quirk (rowid, id) VALUES (3, 8);
    `);
    expect(all(copy, 'SELECT oid AS number, rowid AS text FROM confusing')).toEqual([
      { number: 12, text: 'a' },
    ]);
    expect(all(copy, 'SELECT rowid AS number, id FROM quirk')).toEqual([{ number: 3, id: 8 }]);
    copy.close();
  });

  test('copies strict tables, tables without row numbers, generated columns and quoted names', () => {
    const copy = copiedSql(`
      CREATE TABLE "odd ""name""" ("a column" TEXT, k INTEGER, twice INTEGER AS (k * 2) STORED,
        PRIMARY KEY (k DESC, "a column" COLLATE NOCASE)) STRICT, WITHOUT ROWID;
      CREATE UNIQUE INDEX "an index" ON "odd ""name""" (twice, "a column") WHERE k > 0;
      INSERT INTO "odd ""name""" ("a column", k) VALUES ('x', 1), ('y', 1), ('x', 2);
    `);
    expect(all(copy, 'SELECT "a column" AS a, k, twice FROM "odd ""name"""')).toEqual([
      { a: 'x', k: 2, twice: 4 },
      { a: 'x', k: 1, twice: 2 },
      { a: 'y', k: 1, twice: 2 },
    ]);
    expect(() =>
      copy.execute(`INSERT INTO "odd ""name""" ("a column", k) VALUES ('z', 'no number')`),
    ).toThrow('cannot store TEXT value in INTEGER column');
    copy.close();
  });

  test('copies children before their parents, and the constraint holds in the copy', () => {
    const copy = copiedSql(`
      CREATE TABLE a_child (parent INTEGER REFERENCES z_parent (id));
      CREATE TABLE z_parent (id INTEGER PRIMARY KEY);
      INSERT INTO z_parent VALUES (1); INSERT INTO a_child VALUES (1);
    `);
    expect(() => copy.execute('INSERT INTO a_child VALUES (2)')).toThrow('FOREIGN KEY constraint failed');
    copy.close();
  });

  test('brings triggers and views that work, and fires none of them while copying', () => {
    const copy = copiedSql(`
      CREATE TABLE things (id INTEGER PRIMARY KEY);
      CREATE TABLE heard (what TEXT);
      CREATE VIEW thing_names AS SELECT 'thing ' || id AS name FROM things;
      CREATE TRIGGER hear AFTER INSERT ON things BEGIN INSERT INTO heard VALUES ('new ' || NEW.id); END;
      CREATE TRIGGER add_by_view INSTEAD OF INSERT ON thing_names BEGIN INSERT INTO things VALUES (NULL); END;
      INSERT INTO things VALUES (1); DELETE FROM heard;
    `);
    expect(all(copy, 'SELECT * FROM heard')).toEqual([]);
    copy.execute("INSERT INTO thing_names VALUES ('x')");
    expect(all(copy, 'SELECT * FROM heard')).toEqual([{ what: 'new 2' }]);
    expect(all(copy, 'SELECT * FROM thing_names')).toEqual([{ name: 'thing 1' }, { name: 'thing 2' }]);
    copy.close();
  });

  test('goes on counting where the source stopped, and keeps statistics and header numbers', () => {
    const copy = copiedSql(`
      CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
      CREATE INDEX counted_v ON counted (v);
      INSERT INTO counted VALUES (40, 'a'), (41, 'b'); DELETE FROM counted WHERE id = 41;
      ANALYZE; INSERT INTO counted VALUES (42, 'after the statistics');
      PRAGMA user_version = 7; PRAGMA application_id = 12345;
    `);
    copy.execute("INSERT INTO counted (v) VALUES ('c')");
    expect(all(copy, 'SELECT max(id) AS id FROM counted')).toEqual([{ id: 43 }]);
    expect(all(copy, 'SELECT stat FROM sqlite_stat1')).toEqual([{ stat: '1 1' }]);
    expect(copy.raw.pragma('user_version', { simple: true })).toBe(7);
    expect(copy.raw.pragma('application_id', { simple: true })).toBe(12345);
    copy.close();
  });

  test('copies a full-text index as it stands: found is what was found, and what was removed is in no page', () => {
    const copy = copiedSql(`
      CREATE TABLE texts (id INTEGER PRIMARY KEY, body TEXT);
      CREATE VIRTUAL TABLE found USING fts5(body, content='texts', content_rowid='id');
      INSERT INTO found (found, rank) VALUES ('secure-delete', 1);
      INSERT INTO texts VALUES (1, 'pneumonia ruled out'), (2, 'cough');
      INSERT INTO found (rowid, body) SELECT id, body FROM texts;
      INSERT INTO found (found, rowid, body) VALUES ('delete', 1, 'pneumonia ruled out');
      DELETE FROM texts WHERE id = 1;
      CREATE VIRTUAL TABLE own_content USING fts5(body, tokenize = 'porter');
      INSERT INTO own_content VALUES ('coughing');
    `);
    expect(all(copy, "SELECT rowid FROM found WHERE found MATCH 'cough'")).toEqual([{ rowid: 2 }]);
    expect(all(copy, "SELECT rowid FROM found WHERE found MATCH 'pneumonia'")).toEqual([]);
    expect(all(copy, "SELECT body FROM own_content WHERE own_content MATCH 'coughs'")).toEqual([
      { body: 'coughing' },
    ]);
    copy.execute("INSERT INTO found (found) VALUES ('integrity-check')");
    expect(copy.raw.pragma('integrity_check', { simple: true })).toBe('ok');
    copy.close();
  });

  test("copies the app's own schema with its guards", () => {
    const copy = copied((source) => {
      migrate(source);
      source.execute("INSERT INTO leaves VALUES (0, x'7b7d'), (1, x'7b7d')");
    });
    expect(() => copy.execute("INSERT INTO leaves VALUES (5, x'7b7d')")).toThrow(
      'only ever added at the end',
    );
    expect(() => copy.execute("UPDATE leaves SET leaf = x'00'")).toThrow('never changed');
    expect(() => copy.execute('DELETE FROM leaves')).toThrow('never removed');
    copy.execute("INSERT INTO leaves VALUES (2, x'7b7d')");
    expect(migrate(copy)).toBe(0);
    copy.close();
  });

  test('leaves an empty copy when it fails half-way', () => {
    const source = openWritableDatabase(join(folder, 'source.db'), oldDek, { mustExist: false });
    source.execute(
      'CREATE TABLE t (a INTEGER CHECK (a < 3)); PRAGMA ignore_check_constraints=ON; INSERT INTO t VALUES (9)',
    );
    source.close();
    const target = openWritableDatabase(join(folder, 'target.db'), newDek, { mustExist: false });
    target.raw
      .prepare('ATTACH DATABASE ? AS source KEY ?')
      .run(join(folder, 'source.db'), Buffer.concat([Buffer.from('raw:'), oldDek]));
    expect(() => copyFromSource(target)).toThrow('CHECK constraint failed');
    expect(all(target, 'SELECT * FROM main.sqlite_master')).toEqual([]);
    target.close();
    expect(readdirSync(folder).toSorted()).toEqual(['source.db', 'target.db']);
  });
});

describe('digestDatabase', () => {
  const changes: readonly (readonly [what: string, sql: string])[] = [
    ['a byte of a row', "UPDATE t SET b = 'y'"],
    ['a type', "UPDATE t SET b = x'78'"],
    ['a row number', 'UPDATE t SET rowid = 9'],
    ['a row', "INSERT INTO t VALUES ('2', 'x')"],
    ['a trigger', 'DROP TRIGGER g'],
    ['an index', 'CREATE INDEX i ON t (b)'],
    ['the version', 'PRAGMA user_version = 2'],
    ['bytes that are no text', "UPDATE t SET b = CAST(x'ff' AS TEXT)"],
  ];
  test.each(changes)('tells %s apart', (_what, sql) => {
    const database = openWritableDatabase(join(folder, 'a.db'), oldDek, { mustExist: false });
    database.execute(`CREATE TABLE t (a TEXT PRIMARY KEY, b); INSERT INTO t VALUES ('1', CAST(x'fe' AS TEXT));
      CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT 1; END;`);
    const before = digestDatabase(database, 'main');
    expect(digestDatabase(database, 'main')).toEqual(before);
    database.execute(sql);
    expect(digestDatabase(database, 'main')).not.toEqual(before);
    database.close();
  });
});
