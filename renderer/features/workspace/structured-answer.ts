import { z } from 'zod';
import { structures, type StructureId } from '../../../electron/shared/structures.ts';

/** An answer that is a table: its rows, by the names of the columns. */
export type Rows = readonly Readonly<Record<string, string>>[];

/**
 * @returns the rows of an answer that has the form; null where it has not: then it is shown as text, and nothing is dropped.
 * `isWhole` is false for an answer that ended, or is still being written, in the middle of a row.
 */
export function readRows(
  id: StructureId,
  text: string,
): { readonly rows: Rows; readonly isWhole: boolean } | null {
  const whole = parseRows(id, text);
  if (whole !== null) return { rows: whole, isWhole: true };
  // A row that is complete ends with a brace; what comes after the last of them is not a row yet.
  for (let end = text.lastIndexOf('}'); end !== -1; end = text.lastIndexOf('}', end - 1)) {
    const rows = parseRows(id, `${text.slice(0, end + 1)}]}`);
    if (rows !== null) return { rows, isWhole: false };
  }
  return /^\s*\{\s*"rows"\s*:\s*\[[^\]]*$/.test(text) ? { rows: [], isWhole: false } : null;
}

function parseRows(id: StructureId, text: string): Rows | null {
  try {
    const parsed = schemaOf(id).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.rows : null;
  } catch {
    return null;
  }
}

function schemaOf(id: StructureId) {
  const columns = structures[id].columns.map(
    ({ name, oneOf }) => [name, oneOf === undefined ? z.string() : z.enum([...oneOf])] as const,
  );
  return z.strictObject({ rows: z.array(z.strictObject(Object.fromEntries(columns))) });
}

/** One line a row, for the clipboard of a spreadsheet or a chart. */
export function rowsAsLines(id: StructureId, rows: Rows, between: string): string {
  const { columns } = structures[id];
  const cell = (value: string | undefined): string => (value ?? '').replaceAll(/\s+/g, ' ').trim();
  return rows.map((row) => columns.map(({ name }) => cell(row[name])).join(between)).join('\n');
}
