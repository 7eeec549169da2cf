import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import type { ByteForm } from './byte-forms.ts';
import { processTree } from './process-tree.ts';

/** Where something was found: the file, and in which form. Never the thing itself. */
export type FoundInFile = { readonly file: string; readonly form: string };

/** Every file under the folder, whatever its name says; what is packed with gzip is unpacked too. */
export function searchFolder(folder: string, forms: readonly ByteForm[]): readonly FoundInFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => searchFile(join(entry.parentPath, entry.name), forms));
}

/** One file. One that is gone, or that cannot be read, holds nothing that could be found later. */
export function searchFile(path: string, forms: readonly ByteForm[], name = path): readonly FoundInFile[] {
  const bytes = contents(path);
  if (bytes === null) return [];
  const unpacked = unpack(bytes);
  return [
    ...search(bytes, forms, name),
    ...(unpacked === null ? [] : search(unpacked, forms, `${name}, unpacked`)),
  ];
}

/**
 * Every file that a process of the app has open, those without a name included: a program may write into a file that it
 * has removed. Memory that processes share is such a "file" too; it is not on a disk and is left out (lock.spec.ts
 * searches memory). Needs the rights of a debugger over the processes.
 */
export function searchOpenFiles(rootId: number, forms: readonly ByteForm[]): readonly FoundInFile[] {
  return openFiles(rootId).flatMap(({ path, target }) => searchFile(path, forms, target));
}

export function openFiles(rootId: number): readonly { readonly path: string; readonly target: string }[] {
  return processTree(rootId).flatMap(({ id }) => {
    const folder = `/proc/${String(id)}/fd`;
    return listing(folder)
      .map((number) => ({ path: join(folder, number), target: linkTarget(join(folder, number)) }))
      .filter(({ target }) => target.startsWith('/') && !/^\/(dev|memfd:|proc|sys)/.test(target));
  });
}

function search(bytes: Buffer, forms: readonly ByteForm[], file: string): readonly FoundInFile[] {
  return forms.filter((each) => bytes.includes(each.bytes)).map(({ form }) => ({ file, form }));
}

/** As far as it can be unpacked: a stream may not have been written to its end. */
function unpack(bytes: Buffer): Buffer | null {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return null;
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}

function contents(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

function listing(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
