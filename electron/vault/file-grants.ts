import { realpathSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import type { FilePurpose } from '../shared/shell-contract.ts';

/** Files that the person chose in main's dialog. The page holds only the grant, for one use and one purpose. */
export type FileGrants = {
  add(grant: string, path: string, purpose: FilePurpose): void;
  take(grant: string, purpose: FilePurpose): string | null;
};

export function createFileGrants(): FileGrants {
  const grants = new Map<string, { readonly path: string; readonly purpose: FilePurpose }>();
  return {
    add: (grant, path, purpose) => void grants.set(grant, { path, purpose }),
    take(grant, purpose) {
      const found = grants.get(grant);
      grants.delete(grant);
      return found?.purpose === purpose ? found.path : null;
    },
  };
}

/** By real paths: a link into the data folder leads there too. */
export function isInside(folder: string, file: string): boolean {
  try {
    const parent = realpathSync(dirname(file));
    const own = realpathSync(folder);
    return parent === own || parent.startsWith(own + sep);
  } catch {
    return false;
  }
}
