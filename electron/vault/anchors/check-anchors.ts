import { parseCheckpoint } from '../log/checkpoint.ts';
import { keyRotations } from '../log/key-rotation.ts';
import type { LogReader } from '../log/log-reader.ts';
import { rootOf, whereStored } from '../log/merkle.ts';
import { formatVerifierKey, openNote } from '../log/signed-note.ts';

/** What checkpoints that left the machine say of the record that is here now. */
export type AnchorCheck = {
  /** Checkpoints that this record is a continuation of. */
  readonly matching: number;
  /** Size of the largest of them; null where there is none. */
  readonly newestSize: number | null;
  /** Notes that no key of this record signed: false ones, or of a key that this record does not know (any more). */
  readonly foreign: number;
  /**
   * `rollback`: a key of this record signed more entries than there are. `fork`: it signed other entries than those that
   * are here. Null where every checkpoint fits.
   */
  readonly problem: { readonly kind: 'rollback' | 'fork'; readonly anchorSize: number } | null;
};

/** @param verifierKey of the key that signs now */
export function checkAnchors(
  reader: LogReader,
  origin: string,
  verifierKey: string,
  notes: readonly string[],
): AnchorCheck {
  const treeSize = reader.size();
  const open = checkpointOpener(reader, origin, verifierKey);
  const known = notes.map(open);
  const own = known.filter((checkpoint) => checkpoint !== null);
  const wrong =
    own.find(({ size }) => size > treeSize) ?? own.find((checkpoint) => !fits(reader, checkpoint));
  const matching = own.filter(({ size }) => size <= treeSize);
  return {
    matching: wrong === undefined ? matching.length : 0,
    newestSize:
      wrong === undefined && matching.length > 0 ? Math.max(...matching.map(({ size }) => size)) : null,
    foreign: known.length - own.length,
    problem:
      wrong === undefined
        ? null
        : { kind: wrong.size > treeSize ? 'rollback' : 'fork', anchorSize: wrong.size },
  };
}

type Known = { readonly size: number; readonly rootHash: Uint8Array };

/** @returns gives the checkpoint of a note that a key of this record signed, and null for any other */
export function checkpointOpener(
  reader: LogReader,
  origin: string,
  verifierKey: string,
): (note: string) => Known | null {
  const keys = [verifierKey, ...earlierKeys(reader, origin, reader.size())];
  return (note) => {
    for (const key of keys) {
      const opened = openNote(note, key);
      const checkpoint = opened.ok ? parseCheckpoint(opened.value) : null;
      if (checkpoint?.ok === true && checkpoint.value.origin === origin) return checkpoint.value;
    }
    return null;
  };
}

function fits(reader: LogReader, { size, rootHash }: Known): boolean {
  const root = whereStored(() => rootOf(size, (level, position) => reader.readNode(level, position)));
  return root !== null && Buffer.compare(root, rootHash) === 0;
}

function earlierKeys(reader: LogReader, origin: string, treeSize: number): readonly string[] {
  return keyRotations(reader, treeSize).map(({ rotation }) =>
    formatVerifierKey(origin, Buffer.from(rotation.oldKeyPublic, 'base64')),
  );
}
