import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openReadOnlyDatabase, openWritableDatabase, type ReadableDatabase } from './open-database.ts';

/**
 * SQLite sorts what does not fit its cache in a temporary file that it removes at once and goes on writing: encrypted by
 * nobody. `temp_store=MEMORY` is what keeps clinical text out of it.
 */
const canary = `CANARY-${randomBytes(12).toString('hex')}`;
const rows = 24_000;
const textCharacters = 2000;
const dek = randomBytes(32);

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-large-sort-'));
  path = join(folder, 'large.db');
  const database = openWritableDatabase(path, dek, { mustExist: false });
  database.execute('CREATE TABLE texts (text TEXT NOT NULL)');
  const insert = database.prepare<[string], never>('INSERT INTO texts VALUES (?)');
  database.transaction(() => {
    for (let row = 0; row < rows; row += 1)
      insert.run(`${randomBytes(8).toString('hex')} ${canary} ${'x'.repeat(textCharacters)}`);
  });
  database.close();
}, 120_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Files that this process has open and that have no name any more, with the canary in them. */
function namelessFilesWithTheCanary(): number {
  return readdirSync('/proc/self/fd').filter((number) => {
    try {
      const file = `/proc/self/fd/${number}`;
      return readlinkSync(file).endsWith(' (deleted)') && readFileSync(file).includes(canary);
    } catch {
      // The descriptor of the listing itself, and sockets.
      return false;
    }
  }).length;
}

/** At the first row everything has been sorted. */
function duringASort(database: ReadableDatabase): number {
  const sorted = database.prepare<[], { text: string }>('SELECT text FROM texts ORDER BY text').iterate();
  sorted.next();
  const found = namelessFilesWithTheCanary();
  sorted.return?.();
  database.close();
  return found;
}

it.skipIf(process.platform !== 'linux')(
  'AC-05: a sort of far more than fits the cache leaves no text in any file',
  () => {
    expect(duringASort(openReadOnlyDatabase(path, dek))).toBe(0);
    expect(duringASort(openWritableDatabase(path, dek, { mustExist: true }))).toBe(0);
    // The control: without the setting the text lies in a file that has no name.
    const careless = openReadOnlyDatabase(path, dek);
    careless.raw.pragma('temp_store=FILE');
    expect(duringASort(careless)).toBeGreaterThan(0);
  },
  60_000,
);
