import type { WritableDatabase } from '../database/open-database.ts';
import { digestDatabase, type DatabaseDigest } from './database-digest.ts';
import { quoted, readTableShapes, type TableShape } from './table-shape.ts';

type SchemaEntry = { readonly type: string; readonly name: string; readonly sql: string };

/**
 * Copies the attached database `source` into the empty `main`, in one transaction and so from one snapshot: tables, rows
 * in the order of their keys, and only then indices, views and triggers, which would otherwise fire on the copy (a leaf is
 * "only ever added at the end"). A virtual table makes its shadow tables itself; what they hold is replaced by what the
 * source's hold, byte for byte, so a full-text index is not built again and what was removed from it stays removed.
 * @param target empty, without a write-ahead log, with nothing open on it but this handle; not to be used afterwards
 *   for anything but closing, because a virtual table does not know that its shadow tables were written behind it
 * @returns what the source held in this very snapshot
 * @throws SqliteError; then nothing of it is stored
 */
export function copyFromSource(target: WritableDatabase): DatabaseDigest {
  const { raw } = target;
  // Parents are copied after their children; `foreign_key_check` looks afterwards. Shadow tables are written to by hand.
  raw.pragma('foreign_keys=OFF');
  raw.pragma(`auto_vacuum=${String(raw.pragma('source.auto_vacuum', { simple: true }))}`);
  raw.unsafeMode(true);
  try {
    return target.transaction(() => {
      const tables = readTableShapes(target, 'source');
      const entries = readEntries(target);
      createTables(target, tables, entries);
      for (const table of tables) copyRows(target, table);
      for (const { type, sql } of entries) if (type !== 'table') target.execute(sql);
      for (const name of ['user_version', 'application_id'])
        raw.pragma(`main.${name}=${String(raw.pragma(`source.${name}`, { simple: true }))}`);
      return digestDatabase(target, 'source');
    });
  } finally {
    raw.unsafeMode(false);
  }
}

/** In the order in which they were made; what SQLite makes for itself (indices of keys) has no text. */
function readEntries(target: WritableDatabase): readonly SchemaEntry[] {
  return target
    .prepare<[], SchemaEntry>(
      "SELECT type, name, sql FROM source.sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
    )
    .all();
}

function createTables(
  target: WritableDatabase,
  tables: readonly TableShape[],
  entries: readonly SchemaEntry[],
): void {
  const shadows = new Set(tables.filter(({ kind }) => kind === 'shadow').map(({ name }) => name));
  for (const { type, name, sql } of entries) if (type === 'table' && !shadows.has(name)) target.execute(sql);
  const internal = new Set(tables.filter(({ kind }) => kind === 'internal').map(({ name }) => name));
  // These two exist from the first use on, and no statement makes them directly.
  if (internal.has('sqlite_sequence'))
    target.execute('CREATE TABLE made (number INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE made');
  if ([...internal].some((name) => name.startsWith('sqlite_stat'))) target.execute('ANALYZE main');
}

function copyRows(target: WritableDatabase, { name, kind, stored, order }: TableShape): void {
  if (kind === 'virtual') return;
  const table = quoted(name);
  if (kind !== 'table') target.execute(`DELETE FROM main.${table}`);
  const columns = stored.join(', ');
  target.execute(
    `INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM source.${table} ORDER BY ${order.join(', ')}`,
  );
}
