import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { CommandDeps } from '../command.ts';
import type { Finding } from './finding.ts';

/** The folder must belong to this account and be closed to all others. On Windows access lists decide, which Node cannot read. */
export function folderCheck({ facts, platform, userId }: CommandDeps): Finding {
  const finding = (state: Finding['state'], sentence: string): Finding => ({
    subject: 'data folder',
    state,
    sentence,
  });
  const status = statusOf(facts.dataFolder);
  if (status === null)
    return finding(
      'attention',
      'It is not there or cannot be read. Start the command as the account that uses Cloister, or set Cloister up first.',
    );
  if (!status.isDirectory())
    return finding('attention', 'In its place stands something else, such as a link. Put the folder back.');
  if (platform === 'win32') return finding('not-checked', unknownOnWindows);
  if (status.uid !== userId)
    return finding('attention', 'It belongs to another account. Give it to the account that uses Cloister.');
  return isClosed(status)
    ? finding('ok', 'It belongs to this account and is closed to all others.')
    : finding('attention', 'Other accounts can look into it. Close it: chmod 700.');
}

/** The vault's own files. Chromium's lie in a folder of their own, which the closed data folder covers. */
export function filePermissionsCheck({ facts, platform, userId }: CommandDeps): Finding {
  const finding = (state: Finding['state'], sentence: string): Finding => ({
    subject: 'file permissions',
    state,
    sentence,
  });
  const names = namesIn(facts.dataFolder);
  if (names === null) return finding('not-checked', 'The data folder cannot be read.');
  if (platform === 'win32') return finding('not-checked', unknownOnWindows);
  // One that is gone by now was a temporary file of the running app.
  const files = names
    .map((name) => statusOf(join(facts.dataFolder, name)))
    .filter((status) => status !== null && (status.isFile() || status.isSymbolicLink()));
  const wrong = files.filter(
    (status) => status?.isSymbolicLink() === true || status?.uid !== userId || !isClosed(status),
  );
  return wrong.length === 0
    ? finding('ok', `All ${files.length} files belong to this account and are closed to all others.`)
    : finding(
        'attention',
        `${wrong.length} of ${files.length} files are links, belong to another account, or are open to others. Find out why; then give them to this account and close them: chmod 600.`,
      );
}

const unknownOnWindows =
  'Access lists decide on Windows, and Cloister cannot read them. Only the account that uses Cloister, administrators and the system should be listed.';

function isClosed({ mode }: Stats): boolean {
  return (mode & 0o077) === 0;
}

function statusOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function namesIn(folder: string): readonly string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}
