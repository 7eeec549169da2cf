import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from '../keys/durable-file.ts';
import { databaseFile } from '../setup/installation-files.ts';

/** The copy under the coming key. Only ever one: what a killed run left is finished or removed, never gone on with. */
export const nextDatabaseFile = 'cloister.db.next';

export const sidecars = ['-wal', '-shm', '-journal'] as const;

/** The database, its copy, and whether the latter is there. */
export function rotationPaths(folder: string): { readonly current: string; readonly next: string } {
  return { current: join(folder, databaseFile), next: join(folder, nextDatabaseFile) };
}

/** Only where it is known that no key file leads to it: whoever has its key has no other copy then. */
export function removeNextDatabase(folder: string): void {
  const { next } = rotationPaths(folder);
  if (!existsSync(next) && !hasSidecar(next)) return;
  rmSync(next, { force: true });
  removeSidecars(next);
  syncFolder(folder);
}

/** A write-ahead log that lies beside another database than its own would be played into it. */
export function removeSidecars(database: string): void {
  for (const suffix of sidecars) rmSync(`${database}${suffix}`, { force: true });
}

export function hasSidecar(database: string): boolean {
  return sidecars.some((suffix) => existsSync(`${database}${suffix}`));
}

export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
