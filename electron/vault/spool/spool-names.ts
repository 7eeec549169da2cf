/**
 * Files for IT's agents. Sorted by name is sorted by entry; what begins with a dot is not finished.
 * `cloister_<installation>_<epoch>_<first entry>-<last entry>.log` or `.zip.age`
 */
export function spoolName(origin: string, from: number, to: number, ending: 'log' | 'zip.age'): string {
  const twelve = (entry: number): string => String(entry).padStart(12, '0');
  return `${prefixOf(origin)}_${twelve(from)}-${twelve(to - 1)}.${ending}`;
}

/** One for each installation, so that its next run finds what a killed one left. */
export function unfinishedSpoolName(origin: string, ending: 'log' | 'zip.age'): string {
  return `.${prefixOf(origin)}.${ending}.part`;
}

function prefixOf(origin: string): string {
  const [, installation = '', epoch = ''] = /\/([0-9a-f-]{36})\/(\d+)$/u.exec(origin) ?? [];
  return `cloister_${installation}_${epoch}`;
}
