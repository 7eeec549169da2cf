import { createSecretKey } from 'node:crypto';
import { copiedFormat } from '../shared/shell-contract.ts';

/** The part of Electron's `clipboard` that is used here, as it is and as it was in the development runtime's older version. */
export type CopiedText = {
  has(mimeType: string): Promise<boolean> | boolean;
  /** Only the older one, whose `has` does not know the formats that a page makes up. */
  availableFormats?(): string[];
  clear(type?: 'selection'): void;
  readonly selection?: { clear(): void };
};

/**
 * What is on the clipboard stays in main's memory until another program copies something. It is cleared only when it
 * came from our page: the mark beside the text tells, the text is not read. What is selected with the mouse is a second
 * clipboard on Linux and carries no mark.
 */
export async function clearCopiedText(clipboard: CopiedText, platform: NodeJS.Platform): Promise<void> {
  if (platform === 'linux') {
    if (clipboard.selection === undefined) clipboard.clear('selection');
    else clipboard.selection.clear();
  }
  const isOurs = clipboard.availableFormats?.().includes(copiedFormat) ?? (await clipboard.has(copiedFormat));
  if (isOurs) clipboard.clear();
}

const smallestBytes = 32;
const largestBytes = 64 * 1024;
/** Chromium's allocator has eight sizes from one power of two to the next, and hands out memory that was freed first. */
const sizesPerPower = 8;
const bytesPerSize = 256 * 1024;
const countPerSize = 4096;

/**
 * Main asks for no text, but Chromium tells its browser process, which main is, what stands in the field that has the
 * cursor (for input methods), and passes a copied text through. What it frees of that, it does not erase. So, once the
 * page is gone, memory of every size is taken, overwritten and given back. It cannot reach the rest of a piece that is in
 * use again: little is left then, not nothing.
 */
export function overwriteFreedMemory(nextTurn: (act: () => void) => void): void {
  const fill = (sizeBytes: number, held: readonly unknown[]): void => {
    // Held to the end, so that no piece is handed out twice.
    const next = [...held, fillOneSize(sizeBytes)];
    const following = sizeBytes + Math.max(2 ** Math.floor(Math.log2(sizeBytes)) / sizesPerPower, 16);
    if (following > largestBytes) return;
    nextTurn(() => {
      fill(following, next);
    });
  };
  fill(smallestBytes, []);
}

/** A key is the one thing of Node's that is a copy of given bytes in ordinary memory, at their exact size. */
function fillOneSize(sizeBytes: number): readonly unknown[] {
  const lengthPrefixBytes = 8;
  const filler = Buffer.alloc(sizeBytes - lengthPrefixBytes);
  const count = Math.min(countPerSize, Math.ceil(bytesPerSize / sizeBytes));
  return Array.from({ length: count }, () => createSecretKey(filler));
}
