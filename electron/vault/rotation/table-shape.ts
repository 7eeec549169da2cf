import type { ReadableDatabase } from '../database/open-database.ts';

/** What has to be known of a table to copy its rows, and to read them in one order that is always the same. */
export type TableShape = {
  readonly name: string;
  /** `shadow`: made by a virtual table (full-text index) and holding its contents. `internal`: SQLite's own, with rows of ours. */
  readonly kind: 'table' | 'virtual' | 'shadow' | 'internal';
  /** Quoted names of all that is stored: the hidden rowid too where it is not one of the columns. */
  readonly stored: readonly string[];
  /** Quoted names by which the order of rows is the same in every copy. */
  readonly order: readonly string[];
};

/** Which database of a connection: the file itself or the attached one. */
export type SchemaName = 'main' | 'source';

type ListedTable = { readonly name: string; readonly type: string; readonly withoutRowid: number };
type Column = { readonly name: string; readonly hidden: number; readonly keyPosition: number };

/** In order of name; views and SQLite's schema table are not among them. */
export function readTableShapes(database: ReadableDatabase, schema: SchemaName): readonly TableShape[] {
  return database
    .prepare<[string], ListedTable>(
      'SELECT name, type, wr AS withoutRowid FROM pragma_table_list WHERE schema = ? ORDER BY name',
    )
    .all(schema)
    .filter(({ name, type }) => type !== 'view' && !/^sqlite_(?:temp_)?(?:schema|master)$/u.test(name))
    .map((table) => shapeOf(database, schema, table));
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function shapeOf(
  database: ReadableDatabase,
  schema: SchemaName,
  { name, type, withoutRowid }: ListedTable,
): TableShape {
  const columns = database
    .prepare<[string, string], Column>(
      'SELECT name, hidden, pk AS keyPosition FROM pragma_table_xinfo(?, ?) ORDER BY cid',
    )
    .all(name, schema);
  // Generated columns (hidden 2 and 3) are computed again.
  const stored = columns.filter(({ hidden }) => hidden === 0).map((column) => quoted(column.name));
  const kind = kindOf(name, type);
  const key = columns.filter(({ keyPosition }) => keyPosition > 0);
  if (withoutRowid === 1) {
    const order = key.toSorted((a, b) => a.keyPosition - b.keyPosition).map((column) => quoted(column.name));
    return { name, kind, stored, order };
  }
  const names = new Set(columns.map((column) => column.name.toLowerCase()));
  const rowid = ['rowid', '_rowid_', 'oid'].find((candidate) => !names.has(candidate));
  // All three taken as names of columns, and no key: SQLite itself could not name its rows then.
  if (rowid === undefined) return { name, kind, stored, order: stored };
  return {
    name,
    kind,
    stored: isRowidColumn(database, schema, name, key.length) ? stored : [rowid, ...stored],
    order: [rowid],
  };
}

function kindOf(name: string, type: string): TableShape['kind'] {
  if (type === 'virtual') return 'virtual';
  if (name.startsWith('sqlite_')) return 'internal';
  return type === 'shadow' ? 'shadow' : 'table';
}

/** A key of one column without an index of its own is the rowid under another name. */
function isRowidColumn(
  database: ReadableDatabase,
  schema: SchemaName,
  table: string,
  keyColumns: number,
): boolean {
  if (keyColumns !== 1) return false;
  const index = database
    .prepare<[string, string], { found: number }>(
      "SELECT 1 AS found FROM pragma_index_list(?, ?) WHERE origin = 'pk'",
    )
    .get(table, schema);
  return index === undefined;
}
