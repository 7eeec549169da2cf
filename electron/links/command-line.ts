import type { Flavour } from '../shared/flavour.ts';
import type { LocalLine } from './network-guard-line.ts';

/**
 * Between main, which finds out that Cloister was started as a command, and the bundle of the command line, which main
 * imports in place of composing the app. The bundle knows nothing of Electron: what it needs of it stands here.
 */

/** The first words that are commands. Any other start is a start of the app, or refused as a mistyped command. */
export const commandNames = [
  'doctor',
  'drill',
  'help',
  'inventory',
  'log',
  'models',
  'policy',
  'provision',
  'restore',
  'users',
] as const;

export type KeychainFacts = { readonly available: boolean; readonly backend: string };

export type CommandLineFacts = {
  /** The app's own: a command looks at the installation of the account that starts it. */
  readonly dataFolder: string;
  readonly modelsFolder: string;
  readonly cataloguePath: string;
  /** Development runs only: a folder in the place of the system's. */
  readonly policyFolder: string | null;
  /** The installed node-llama-cpp. */
  readonly enginePackage: string;
  readonly flavour: Flavour;
  readonly version: string;
  /** To ask the running app. */
  readonly localLine: LocalLine | null;
  /** Hash of app.asar; null in an unpackaged run. */
  appSha256(): Promise<string | null>;
  /** Asks the system's key store, which may take half a minute; null where that failed. */
  keychain(): Promise<KeychainFacts | null>;
};

export type CommandLineStart = {
  /** From the command's name on. */
  readonly words: readonly string[];
  readonly facts: CommandLineFacts;
};

/** The one export of the bundle that main calls. @returns the exit code */
export type RunCommandLine = (start: CommandLineStart) => Promise<number>;
