import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import type { BaseWindow, Dialog } from 'electron';
import type { ChosenFile, FilePurpose, SavePurpose } from '../shared/shell-contract.ts';

/** Titles and kinds of file for the native dialog. */
const dialogs = {
  'recovery-key': { title: 'Save the recovery key', name: 'Text', extension: 'txt' },
  'audit-bundle': { title: 'Export the record', name: 'Audit bundle', extension: 'zip' },
  'encrypted-bundle': { title: 'Export the record', name: 'Encrypted audit bundle', extension: 'age' },
  /** A folder, which the vault makes under this name. */
  backup: { title: 'Back up the record', name: 'Backup folder', extension: '*' },
} as const;

type Deps = {
  readonly window: BaseWindow;
  readonly startFolder: string;
  readonly tellVault: (grant: string, path: string, purpose: FilePurpose) => void;
};

/** Lets the person choose a file and tells the vault its path; the page gets a random grant and the file's name. */
export function createFileChooser(
  deps: Deps & { readonly dialog: Pick<Dialog, 'showSaveDialog'> },
): (purpose: SavePurpose, suggestedName: string) => Promise<ChosenFile | null> {
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
    return granted(deps, chosen.filePath, purpose);
  };
}

/** The same for a file that is there already: a model, often on a drive that was carried here. */
export function createModelChooser(
  deps: Deps & { readonly dialog: Pick<Dialog, 'showOpenDialog'> },
): () => Promise<ChosenFile | null> {
  return async () => {
    const { canceled, filePaths } = await deps.dialog.showOpenDialog(deps.window, {
      title: 'Import a model',
      defaultPath: deps.startFolder,
      filters: [{ name: 'Model', extensions: ['gguf'] }],
      properties: ['openFile', 'dontAddToRecent'],
    });
    const [path] = filePaths;
    return canceled || path === undefined ? null : granted(deps, path, 'model-file');
  };
}

function granted({ tellVault }: Deps, path: string, purpose: FilePurpose): ChosenFile {
  const grant = randomUUID();
  tellVault(grant, path, purpose);
  return { grant, fileName: basename(path) };
}
