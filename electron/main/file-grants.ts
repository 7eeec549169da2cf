import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import type { BaseWindow, Dialog } from 'electron';
import type { ChosenFile, FilePurpose } from '../shared/shell-contract.ts';

/** Titles and kinds of file for the native dialog. */
const dialogs = {
  'recovery-key': { title: 'Save the recovery key', name: 'Text', extension: 'txt' },
  'audit-bundle': { title: 'Export the record', name: 'Audit bundle', extension: 'zip' },
  'encrypted-bundle': { title: 'Export the record', name: 'Encrypted audit bundle', extension: 'age' },
  /** A folder, which the vault makes under this name. */
  backup: { title: 'Back up the record', name: 'Backup folder', extension: '*' },
} as const;

/** Lets the person choose a file and tells the vault its path; the page gets a random grant and the file's name. */
export function createFileChooser(deps: {
  readonly dialog: Pick<Dialog, 'showSaveDialog'>;
  readonly window: BaseWindow;
  readonly startFolder: string;
  readonly tellVault: (grant: string, path: string, purpose: FilePurpose) => void;
}): (purpose: FilePurpose, suggestedName: string) => Promise<ChosenFile | null> {
  return async (purpose, suggestedName) => {
    const isEncrypted = purpose === 'audit-bundle' && suggestedName.endsWith('.age');
    const { title, name, extension } = dialogs[isEncrypted ? 'encrypted-bundle' : purpose];
    const chosen = await deps.dialog.showSaveDialog(deps.window, {
      title,
      defaultPath: join(deps.startFolder, suggestedName),
      filters: [{ name, extensions: [extension] }],
      properties: ['createDirectory', 'showOverwriteConfirmation', 'dontAddToRecent'],
    });
    if (chosen.canceled || chosen.filePath === '') return null;
    const grant = randomUUID();
    deps.tellVault(grant, chosen.filePath, purpose);
    return { grant, fileName: basename(chosen.filePath) };
  };
}
