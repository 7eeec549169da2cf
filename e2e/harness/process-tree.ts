import { readdirSync, readFileSync } from 'node:fs';

/** A process of the app, by the words on its command line. Linux only. */
export type AppProcess = { readonly id: number; readonly name: string };

/** The process with this id and everything that it started, directly or not. */
export function processTree(rootId: number): readonly AppProcess[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ id: Number(name), parent: parentOf(name) }));
  const below = (id: number): readonly number[] => [
    id,
    ...parents.filter(({ parent }) => parent === id).flatMap((child) => below(child.id)),
  ];
  return below(rootId).map((id) => ({ id, name: nameOf(id) }));
}

function parentOf(id: string): number {
  try {
    // The second field is the program's name in brackets, which may hold brackets itself.
    const status = readFileSync(`/proc/${id}/stat`, 'utf8');
    return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

function nameOf(id: number): string {
  try {
    const words = readFileSync(`/proc/${String(id)}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const value = (name: string): string | undefined => new RegExp(`--${name}=(\\S+)`).exec(words)?.[1];
    return value('utility-sub-type') ?? value('type') ?? 'main';
  } catch {
    return 'gone';
  }
}
