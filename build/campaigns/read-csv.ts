/** RFC 4180: quoted fields hold commas, line ends and doubled quotes. @returns a record for each line, by the names of the first */
export function readCsv(text: string): Record<string, string>[] {
  const [names = [], ...rows] = csvRows(text);
  return rows.map((row) => {
    if (row.length !== names.length)
      throw new Error(`a line of the CSV has ${row.length} fields, not ${names.length}`);
    return Object.fromEntries(names.map((name, index) => [name, row[index] ?? '']));
  });
}

function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (match === null) throw new Error(`the CSV cannot be read at character ${at}`);
    const [, quoted, plain = '', end] = match;
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
