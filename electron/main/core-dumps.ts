import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Keeps memory out of core files (Linux; core(5), `coredump_filter`): no mapping of a process of ours is dumped, whoever
 * catches the core, a pipe included, which no limit on file size stops. Children inherit it. Chromium's zygotes, from
 * which pages and the GPU process are forked, are there before this runs, so they are told one by one. Nothing here is
 * worth an error: elsewhere the folder does not exist.
 */
export function keepMemoryOutOfCoreDumps(procFolder = '/proc'): void {
  for (const process of ['self', ...descendants(procFolder, 'self')]) {
    try {
      writeFileSync(`${procFolder}/${process}/coredump_filter`, '0', { flag: 'r+' });
    } catch {
      continue;
    }
  }
}

function descendants(procFolder: string, parent: string): readonly string[] {
  try {
    return readdirSync(`${procFolder}/${parent}/task`)
      .flatMap((thread) => readFileSync(`${procFolder}/${parent}/task/${thread}/children`, 'utf8').split(' '))
      .filter((child) => child !== '')
      .flatMap((child) => [child, ...descendants(procFolder, child)]);
  } catch {
    return [];
  }
}
