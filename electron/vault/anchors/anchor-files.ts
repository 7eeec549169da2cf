import { closeSync, fsyncSync, lstatSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from '../keys/durable-file.ts';

/**
 * Checkpoints in a folder that this computer does not keep: a network share, a USB drive. Each is a file of its own, a
 * signed note as it stands in the record, and none is ever replaced: where the share keeps what was written, so much the
 * better.
 */

/** `cloister_<installation>_<epoch>_<size, 12 digits>.checkpoint`: sorted by name is sorted by size. */
function anchorFileName(origin: string, size: number): string {
  return `${prefixOf(origin)}${String(size).padStart(12, '0')}.checkpoint`;
}

function prefixOf(origin: string): string {
  const [, installation = '', epoch = ''] = /\/([0-9a-f-]{36})\/(\d+)$/u.exec(origin) ?? [];
  return `cloister_${installation}_${epoch}_`;
}

/**
 * A note has about 400 bytes. A hundred of the newest that this record has signed tell as much as all of them; false ones in
 * its name, which whoever may add files can lay before them, do not count as those.
 */
const largestNoteBytes = 2000;
const enough = 100;
const mostFiles = 5000;

export type AnchorFiles = {
  /** Newest first. */
  readonly notes: readonly string[];
  /** Files in the name of this record that could not be read, or were too many to look at. */
  readonly unreadable: number;
};

/**
 * @param isSigned whether a key of this record signed the note
 * @returns null where the folder is not there or not readable: a share that is down, a drive that is not plugged in
 */
export function readAnchors(
  folder: string,
  origin: string,
  isSigned: (note: string) => boolean,
): AnchorFiles | null {
  const prefix = prefixOf(origin);
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return null;
  }
  const own = names
    .filter((name) => name.startsWith(prefix) && name.endsWith('.checkpoint'))
    .toSorted()
    .toReversed();
  const notes: string[] = [];
  let [unreadable, signed] = [0, 0];
  for (const name of own.slice(0, mostFiles)) {
    const note = readSmallFile(join(folder, name));
    if (note === null) unreadable += 1;
    else {
      notes.push(note);
      signed += isSigned(note) ? 1 : 0;
    }
    if (signed === enough) return { notes, unreadable };
  }
  return { notes, unreadable: unreadable + Math.max(0, own.length - mostFiles) };
}

function readSmallFile(path: string): string | null {
  try {
    const status = lstatSync(path);
    return status.isFile() && status.size <= largestNoteBytes ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}

/** @throws the file system's error; a file of this name is kept as it is */
export function writeAnchor(folder: string, origin: string, size: number, note: string): void {
  const file = openSync(join(folder, anchorFileName(origin, size)), 'wx', 0o644);
  try {
    writeFileSync(file, note);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncFolder(folder);
}
