import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * SHA-256 of app.asar, for the sign-in leaves: the log says which program wrote it. Null in an unpackaged run.
 * `original-fs` because Electron's `fs` shows the archive as a folder.
 */
export async function hashApp(deps: {
  readonly isPackaged: boolean;
  readonly resourcesPath: string;
}): Promise<string | null> {
  if (!deps.isPackaged) return null;
  const fs = createRequire(import.meta.url)('original-fs') as typeof import('node:fs');
  const hash = createHash('sha256');
  try {
    for await (const chunk of fs.createReadStream(join(deps.resourcesPath, 'app.asar')))
      hash.update(chunk as Buffer);
  } catch {
    return null;
  }
  return hash.digest('hex');
}
