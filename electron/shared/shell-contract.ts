/**
 * The few things that the page asks of the main process. None carries clinical text. The preload exposes exactly this
 * object as `window.cloisterShell`; the text port arrives as a `message` event whose data is `textPortMessage`.
 */
export type ThemePreference = 'system' | 'light' | 'dark';

/** What a chosen file is for; main shows the dialog and tells the vault, so the page never holds a path. */
export type SavePurpose = 'recovery-key' | 'audit-bundle' | 'backup';
export type FilePurpose = SavePurpose | 'model-file';

export type ChosenFile = { readonly grant: string; readonly fileName: string };

export type Shell = {
  /** Asks main for a fresh text port; it comes as a window `message` event. Called once at page load. */
  requestTextPort(): void;
  getTheme(): Promise<ThemePreference>;
  setTheme(theme: ThemePreference): Promise<void>;
  /** Native save dialog; null when cancelled. */
  chooseSaveFile(purpose: SavePurpose, suggestedName: string): Promise<ChosenFile | null>;
  /** Native dialog for the file of a model; null when cancelled. */
  chooseModelFile(): Promise<ChosenFile | null>;
  /** Prints the current page (used for the recovery key sheet only). */
  print(): Promise<void>;
};

/** Where our pages live. Main answers nobody else, and the preload hands the port to nobody else. */
export const appOrigin = 'app://cloister';

/** `window.postMessage` data that brings the port: `event.ports[0]`. */
export const textPortMessage = 'cloister.text-port';

/** Stands beside a text that our page put on the clipboard, so that main can clear it at the end of a session unread. */
export const copiedFormat = 'application/x.cloister';

/** ipcMain channels, one per shell request. */
export const shellChannels = {
  requestTextPort: 'shell.request-text-port',
  textPort: 'shell.text-port',
  getTheme: 'shell.get-theme',
  setTheme: 'shell.set-theme',
  chooseSaveFile: 'shell.choose-save-file',
  chooseModelFile: 'shell.choose-model-file',
  print: 'shell.print',
} as const;
