import type { Shell } from '../electron/shared/shell-contract.ts';

declare global {
  // oxlint-disable-next-line consistent-type-definitions -- the global Window is an interface
  interface Window {
    readonly cloisterShell: Shell;
  }
}
