import type { Flavour } from '../shared/flavour.ts';

/** The only Electron that a release may run on: the official release that `package.json` pins. A test compares the two. */
export const releaseElectronVersion = '45.4.1';

/**
 * Switches that a package accepts from its command line. Everything else is refused, because Chromium has hundreds of
 * switches and dozens of them open a debugger, switch a sandbox off, load foreign code or write a log.
 */
const acceptedSwitches = new Set([
  'password-store',
  'ozone-platform',
  'ozone-platform-hint',
  'enable-wayland-ime',
  'disable-gpu',
  'disable-software-rasterizer',
  'force-device-scale-factor',
  'force-renderer-accessibility',
  'lang',
]);

/** Why this start must not go on, as a sentence for the person at the screen; null when it may. */
export function startRefusal(start: {
  readonly flavour: Flavour;
  readonly isPackaged: boolean;
  readonly electronVersion: string | undefined;
  readonly argv: readonly string[];
}): string | null {
  if (start.flavour === 'release' && !start.isPackaged) {
    return 'This is a release build of Cloister outside its package, so nothing protects it from being changed. Nothing was opened. Install the package that your IT department gave you.';
  }
  if (start.flavour === 'release' && start.electronVersion !== releaseElectronVersion) {
    return `This release of Cloister was put together with a runtime that it was not made for (Electron ${start.electronVersion ?? 'unknown'} in place of ${releaseElectronVersion}). Nothing was opened. Tell IT, who install the official package again.`;
  }
  const refused = start.isPackaged ? start.argv.slice(1).find(isRefusedArgument) : undefined;
  if (refused === undefined) return null;
  return `Cloister was started with the option ${switchName(refused).slice(0, 60)}, which could let another program look inside it. Nothing was opened. Start Cloister again without options; if the option comes back by itself, tell IT.`;
}

function isRefusedArgument(argument: string): boolean {
  if (!argument.startsWith('-')) return false;
  // macOS hands a process number to an app that is opened from the Finder.
  if (/^-psn_\d+_\d+$/.test(argument)) return false;
  return !acceptedSwitches.has(switchName(argument).replace(/^-+/, ''));
}

function switchName(argument: string): string {
  return argument.split('=', 1)[0] ?? argument;
}
