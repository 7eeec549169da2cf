import type { LocalLine } from '../links/network-guard-line.ts';
import type { FromVault, ToVault } from '../links/vault-control.ts';
import type { Port } from '../links/port.ts';
import type { Result } from '../shared/result.ts';
import type { FilePurpose } from '../shared/shell-contract.ts';
import type { BlockedReports } from './blocked-reports.ts';
import type { FirstScreen } from './first-screen.ts';
import type { Keychain } from './keys/device-secret.ts';
import type { PolicyLocation } from './policy/policy-location.ts';
import type { TestHooks } from './test-hooks.ts';

export type StartMessage = Extract<ToVault, { kind: 'start' }>;

export type DownloadReport = Extract<ToVault, { kind: 'download-progress' | 'download-ended' }>;

export type VaultDeps = {
  readonly start: StartMessage;
  readonly first: FirstScreen;
  /** AC-29: begun behind the first screen, and waited for by every request but that for the screen itself. */
  readonly latePrimitives: () => Promise<Result<void>>;
  readonly post: (message: FromVault) => void;
  readonly keychain: Keychain;
  readonly blocked: BlockedReports;
  readonly workerPath: string;
  /** To listen for commands in a terminal; null: none can ask. */
  readonly localLine: LocalLine | null;
  readonly hooks: TestHooks;
  readonly versions: () => Record<string, string>;
  readonly location: PolicyLocation;
  /** Ends the process in a moment, when the last answers are on their way; a little later where this is not done by then. */
  readonly exitSoon: (after?: Promise<void>) => void;
  /** Runs `act` once, later; the result cancels it. */
  readonly after: (delayMs: number, act: () => void) => () => void;
};

export type Vault = {
  attachTextPort(port: Port): void;
  attachModelPort(port: Port): void;
  inferenceEnded(end: { readonly exitCode: number; readonly replaced: boolean }): void;
  /** Of the egress process, by main's word. */
  downloadReport(report: DownloadReport): void;
  grantFile(grant: string, path: string, purpose: FilePurpose): void;
  /** The operating system says that nobody is there any more. Without a session there is nothing to lock. */
  lock(reason: 'suspend' | 'screen-locked'): void;
  /**
   * Ends in good order: a running answer goes into the log as aborted, the database is closed, keys are zeroed.
   * @throws what the disk says to the last entry; then it is closed all the same
   * @param onLastWorkDone what IT collects is there too
   */
  stop(onLastWorkDone?: () => void): void;
};
