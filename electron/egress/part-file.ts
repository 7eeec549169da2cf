import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * What has come of a file so far. Bytes are only ever put at its end, so whatever moment the process is killed in, the
 * next one can go on; bytes that a crash of the computer has spoiled show in the hash of the whole.
 */
export type PartFile = {
  /** Bytes that are there. */
  length(): number;
  append(bytes: Uint8Array): Promise<void>;
  /** Throws away what is there. */
  startOver(): Promise<void>;
  /** Hands the bytes to the disk. @returns the SHA-256 of all of them, hex. Nothing can be appended any more. */
  finish(): Promise<string>;
  close(): Promise<void>;
};

const chunkBytes = 4 * 1024 * 1024;

/** @param maximumBytes what is longer is none of ours, and begun anew */
export async function openPartFile(path: string, maximumBytes: number): Promise<PartFile> {
  // A link that somebody laid out would lead the bytes elsewhere.
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR' });
    return await begin(file, found.size > maximumBytes ? 0 : found.size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function begin(file: FileHandle, found: number): Promise<PartFile> {
  await file.truncate(found);
  let hash = createHash('sha256');
  let length = await hashFrom(file, found, hash);
  return {
    length: () => length,
    async append(bytes) {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, length + done);
        done += bytesWritten;
      }
      hash.update(bytes);
      length += bytes.length;
    },
    async startOver() {
      await file.truncate(0);
      hash = createHash('sha256');
      length = 0;
    },
    async finish() {
      await file.sync();
      return hash.digest('hex');
    },
    close: () => file.close(),
  };
}

async function hashFrom(file: FileHandle, length: number, hash: Hash): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(length, 1)));
  let position = 0;
  while (position < length) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return position;
}
