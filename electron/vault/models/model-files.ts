import { accessSync, constants, renameSync, rmSync, statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from '../keys/durable-file.ts';

/** The files of one model in the folder of the models, whole and in part. */
export type ModelFiles = {
  readonly path: string;
  readonly partPath: string;
  /** A file of the right length is there; that it is the right one is seen whenever it is loaded. */
  isInstalled(): boolean;
  /** Bytes of an unfinished download. */
  partBytes(): number;
  isWritable(): boolean;
  freeBytes(): number;
  /** Gives the whole file its name. @throws the file system's error */
  install(): void;
  discard(): void;
};

/** Left free beside a model's file: the record must always have room. */
export const spareBytes = 512 * 1024 * 1024;

export function modelFiles(
  folder: string,
  { file, sizeBytes }: { readonly file: string; readonly sizeBytes: number },
): ModelFiles {
  const path = join(folder, file);
  const partPath = `${path}.part`;
  return {
    path,
    partPath,
    isInstalled: () => lengthOf(path) === sizeBytes,
    partBytes: () => lengthOf(partPath) ?? 0,
    isWritable: () => {
      try {
        accessSync(folder, constants.W_OK);
        return true;
      } catch {
        return false;
      }
    },
    freeBytes: () => {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
    install() {
      renameSync(partPath, path);
      syncFolder(folder);
    },
    discard: () => {
      rmSync(partPath, { force: true });
    },
  };
}

function lengthOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}
