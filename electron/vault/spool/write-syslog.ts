import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from '../keys/durable-file.ts';
import type { LogReader } from '../log/log-reader.ts';
import { spoolName, unfinishedSpoolName } from './spool-names.ts';
import { syslogLine } from './syslog-lines.ts';

/**
 * Leaves `from` to `to - 1` as a file of syslog lines. It has its name only when it is whole and on the disk, so that an agent
 * never ships a half one.
 * @throws the file system's error; then no file of it is there
 */
export function writeSyslog(
  reader: LogReader,
  { folder, origin, from, to }: { folder: string; origin: string; from: number; to: number },
): void {
  const unfinished = join(folder, unfinishedSpoolName(origin, 'log'));
  rmSync(unfinished, { force: true });
  try {
    const file = openSync(unfinished, 'wx', 0o640);
    try {
      for (let index = from; index < to; index += 1) {
        const leaf = reader.leaf(index);
        if (leaf === null) throw new Error('an entry is missing');
        writeSync(file, syslogLine(origin, leaf));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, join(folder, spoolName(origin, from, to, 'log')));
  } catch (cause) {
    rmSync(unfinished, { force: true });
    throw cause;
  }
  syncFolder(folder);
}
