import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const chunkBytes = 4 * 1024 * 1024;
/** The page draws no more often than it sees a difference. */
const progressSteps = 200;

/** SHA-256 of a file of any size, hex. Holds its thread: for a worker. @throws the file system's error */
export function hashFile(path: string, onProgress: (fraction: number) => void): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let done = 0;
    let step = 0;
    for (;;) {
      const read = readSync(file, buffer, 0, chunkBytes, null);
      if (read === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, read));
      done += read;
      const reached = Math.floor((done / size) * progressSteps);
      if (reached > step) onProgress(Math.min(1, reached / progressSteps));
      step = reached;
    }
  } finally {
    closeSync(file);
  }
}
