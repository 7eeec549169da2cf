import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { LogReader } from './log-reader.ts';
import { openNote } from './signed-note.ts';

export const foreignSignature = 'a checkpoint is not signed by the key of this record';

/**
 * The newest checkpoint, and each that left the machine: all must be prefixes of this tree. Which key signed one is known
 * when a later leaf ends that key's time, or at the end: until then its root waits.
 */
export function createCheckpointCheck(reader: LogReader, origin: string, treeSize: number) {
  const kept = reader.keptCheckpoints();
  const notes = new Map(kept.map(({ size, note }) => [size, note]));
  const newest = reader.checkpoint(treeSize);
  if (newest !== null) notes.set(treeSize, newest);
  let waiting: { readonly size: number; readonly note: string; readonly root: Uint8Array }[] = [];

  function problemOf({ size, note, root }: (typeof waiting)[number], verifierKey: string): string | null {
    const checkpoint = openCheckpoint(note, verifierKey);
    if (checkpoint === null) return foreignSignature;
    if (checkpoint.origin !== origin) return 'a checkpoint is of another record';
    if (checkpoint.size === size && Buffer.compare(root, checkpoint.rootHash) === 0) return null;
    return size === treeSize
      ? 'the newest checkpoint describes another tree'
      : `the ${size} entries that left this computer earlier are not the first of this record`;
  }

  return {
    reached(size: number, root: () => Uint8Array): void {
      const note = notes.get(size);
      if (note !== undefined) waiting.push({ size, note, root: root() });
    },
    problemUntilNow(verifierKey: string): string | null {
      const signed = waiting;
      waiting = [];
      return signed.map((one) => problemOf(one, verifierKey)).find((problem) => problem !== null) ?? null;
    },
    newestIsSignedBy: (verifierKey: string): boolean =>
      newest !== null && openCheckpoint(newest, verifierKey) !== null,
    problemAtEnd(): string | null {
      if (newest === null) return 'the newest checkpoint is missing';
      if (kept.some(({ size }) => size > treeSize))
        return 'the record is shorter than what left this computer earlier';
      return reader.signedSize() > treeSize ? 'a stored checkpoint signs more entries than there are' : null;
    },
  };
}

function openCheckpoint(note: string, verifierKey: string): Checkpoint | null {
  const opened = openNote(note, verifierKey);
  if (!opened.ok) return null;
  const checkpoint = parseCheckpoint(opened.value);
  return checkpoint.ok ? checkpoint.value : null;
}
