import { createHash } from 'node:crypto';
import { join } from 'node:path';

export const controlSocket = 'control.sock';

/** Where the system allows the least: `sun_path` of macOS, with its closing zero. */
const longestPath = 103;

/**
 * The place where the vault listens while somebody is signed in. On Windows a named pipe, whose name says nothing of the
 * installation to who does not know it.
 * @returns null where the data folder's path is too long for a socket
 */
export function controlPath(
  dataFolder: string,
  installationId: string,
  platform: NodeJS.Platform,
): string | null {
  if (platform === 'win32') {
    const name = createHash('sha256').update(`cloister/1 command line\n${installationId}`).digest('hex');
    return `\\\\.\\pipe\\cloister-${name.slice(0, 32)}`;
  }
  const path = join(dataFolder, controlSocket);
  return Buffer.byteLength(path) > longestPath ? null : path;
}
