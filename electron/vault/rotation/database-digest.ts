import { createHash, type Hash } from 'node:crypto';
import type { ReadableDatabase } from '../database/open-database.ts';
import { quoted, readTableShapes, type SchemaName, type TableShape } from './table-shape.ts';

/**
 * What two files must have in common to be the same record: the schema's every word, the numbers in the header, and for
 * each table the count of rows and a SHA-256 over all of them with their types. Lines of text, so that a test's failure
 * tells what differs; they hold names of tables and hashes, and no content.
 */
export type DatabaseDigest = readonly string[];

type SchemaRow = {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
};

/** Reads everything once; memory stays constant. Within a transaction it describes one snapshot. */
export function digestDatabase(database: ReadableDatabase, schema: SchemaName): DatabaseDigest {
  return [
    ...headerNumbers.map(
      (name) => `${name} ${String(database.raw.pragma(`${schema}.${name}`, { simple: true }))}`,
    ),
    ...schemaLines(database, schema),
    ...readTableShapes(database, schema)
      .filter(({ kind }) => kind !== 'virtual')
      .map((table) => tableLine(database, schema, table)),
  ];
}

export function isSameDigest(a: DatabaseDigest, b: DatabaseDigest): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

export const headerNumbers = [
  'user_version',
  'application_id',
  'auto_vacuum',
  'encoding',
  'page_size',
] as const;

/** By name: where an entry stands in the schema table says only when it was made. */
function schemaLines(database: ReadableDatabase, schema: SchemaName): string[] {
  return database
    .prepare<[], SchemaRow>(
      `SELECT type, name, tbl_name, sql FROM ${schema}.sqlite_master ORDER BY type, name`,
    )
    .all()
    .map(
      (row) =>
        `${row.type} ${row.name} ${createHash('sha256')
          .update(JSON.stringify([row.tbl_name, row.sql]))
          .digest('hex')}`,
    );
}

function tableLine(database: ReadableDatabase, schema: SchemaName, table: TableShape): string {
  const hash = createHash('sha256');
  // Text as its bytes: what is not valid UTF-8 would look the same to JavaScript as something else.
  const values = table.stored
    .map(
      (column) =>
        `typeof(${column}), CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END`,
    )
    .join(', ');
  const statement = database.raw
    .prepare<[], unknown[]>(
      `SELECT ${values} FROM ${schema}.${quoted(table.name)} ORDER BY ${table.order.join(', ')}`,
    )
    .raw()
    .safeIntegers();
  let rows = 0;
  for (const row of statement.iterate()) {
    for (let index = 0; index < row.length; index += 2) addValue(hash, row[index], row[index + 1]);
    rows += 1;
  }
  return `rows ${table.name} ${rows} ${hash.digest('hex')}`;
}

/** Type, length and bytes, so that no two rows have the same encoding. */
function addValue(hash: Hash, type: unknown, value: unknown): void {
  const bytes = bytesOf(value);
  hash.update(`${String(type)} ${bytes.byteLength}:`).update(bytes);
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value === null) return new Uint8Array(0);
  if (typeof value === 'bigint') return Buffer.from(value.toString());
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return bytes;
  }
  throw new Error('a database holds a value of a kind that it cannot hold');
}
