import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { SystemCall } from './system-calls.ts';

/**
 * A disk that loses power: what was synced is there; of what was not, any part may be, in any order. Names follow the order
 * in which they were changed, as a file system with a journal keeps it.
 */
export type SimulatedDisk = {
  apply(call: SystemCall): void;
  /** Whether anything that was written to this file is not yet on the disk. */
  isDirty(path: string): boolean;
  /**
   * Writes what is there after the power came back.
   * @param random decides over each write that was not synced; null: all of them are lost
   */
  writeTo(folder: string, random: (() => number) | null): void;
};

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };
type File = { safe: Buffer; pending: Change[] };
type NameChange = { readonly path: string; readonly file: File | null };

const sectorBytes = 512;

/** @param root the folder as it is when the process starts: all of that is on the disk */
export function createSimulatedDisk(root: string): SimulatedDisk {
  const names = new Map<string, File>();
  for (const name of readdirSync(root)) {
    if (name.endsWith('-shm')) continue;
    const path = join(root, name);
    names.set(path, { safe: readFileSync(path), pending: [] });
  }
  const safeNames = new Map(names);
  let pendingNames: NameChange[] = [];

  function setName(path: string, file: File | null): void {
    if (file === null) names.delete(path);
    else names.set(path, file);
    pendingNames.push({ path, file });
  }
  function settleNames(wanted: (change: NameChange) => boolean): void {
    for (const { path, file } of pendingNames.filter(wanted)) {
      if (file === null) safeNames.delete(path);
      else safeNames.set(path, file);
    }
    pendingNames = pendingNames.filter((change) => !wanted(change));
  }
  const change = (path: string, what: Change): void => {
    names.get(path)?.pending.push(what);
  };

  return {
    apply(call) {
      // The index of the log is memory that processes share: it is made anew from the log.
      if ('path' in call && call.path.endsWith('-shm')) return;
      switch (call.kind) {
        case 'open':
          if (!names.has(call.path) && call.created)
            setName(call.path, { safe: Buffer.alloc(0), pending: [] });
          if (call.truncated) change(call.path, { size: 0 });
          return;
        case 'write':
          change(call.path, call);
          return;
        case 'truncate':
          change(call.path, call);
          return;
        case 'sync': {
          const file = names.get(call.path);
          if (file === undefined) settleNames(({ path }) => dirname(path) === call.path);
          else {
            file.safe = file.pending.reduce(changed, file.safe);
            file.pending = [];
            settleNames((name) => name.file === file);
          }
          return;
        }
        case 'rename': {
          const file = names.get(call.from);
          if (file === undefined) return;
          setName(call.to, file);
          setName(call.from, null);
          return;
        }
        case 'remove':
          setName(call.path, null);
          return;
        case 'said':
      }
    },
    isDirty: (path) => (names.get(path)?.pending.length ?? 0) > 0,
    writeTo(folder, random) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { mode: 0o700 });
      const kept = new Map(safeNames);
      const survivors = random === null ? 0 : Math.floor(random() * (pendingNames.length + 1));
      for (const { path, file } of pendingNames.slice(0, survivors)) {
        if (file === null) kept.delete(path);
        else kept.set(path, file);
      }
      for (const [path, { safe, pending }] of kept) {
        const survived = random === null ? [] : pending.flatMap((one) => partOf(one, random));
        writeFileSync(join(folder, relative(root, path)), survived.reduce(changed, safe), { mode: 0o600 });
      }
    },
  };
}

/** All of a write, nothing of it, or its first sectors. */
function partOf(change: Change, random: () => number): Change[] {
  const luck = random();
  if (luck < 0.4) return [];
  if (luck < 0.8 || 'size' in change) return [change];
  const sectors = Math.floor((random() * change.bytes.length) / sectorBytes);
  return [{ at: change.at, bytes: change.bytes.subarray(0, sectors * sectorBytes) }];
}

function changed(bytes: Buffer, change: Change): Buffer {
  if ('size' in change) {
    return change.size <= bytes.length
      ? bytes.subarray(0, change.size)
      : Buffer.concat([bytes, Buffer.alloc(change.size - bytes.length)]);
  }
  const end = change.at + change.bytes.length;
  const next = Buffer.alloc(Math.max(bytes.length, end));
  bytes.copy(next);
  change.bytes.copy(next, change.at);
  return next;
}
