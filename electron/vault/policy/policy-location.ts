import { win32 } from 'node:path';
import { managedPolicy } from './managed-preferences.ts';
import type { Trust } from './read-trusted-file.ts';

/**
 * Where IT puts `policy.note`, `organisation.vkey` and `provisioning.note`: a folder that only administrators of the
 * computer may write to.
 *
 * macOS fleets may give the text of the note in managed preferences instead.
 */
export type PolicyLocation = Trust & {
  readonly folder: string;
  /** macOS only. */
  readonly managedPreferences?: () => string | null;
};

const linuxFolder = '/etc/cloister';
const macosFolder = '/Library/Application Support/Cloister';
const windowsProgramData = 'C:\\ProgramData';
const root = 0;

/**
 * @param programData Windows' %ProgramData%. Whoever starts Cloister can set it, as they can start another program; what
 *   is not a folder of a local drive is replaced by the usual place
 * @param development a folder instead, whose owner may be the current user; null in the product
 */
export function policyLocation(input: {
  readonly platform: NodeJS.Platform;
  readonly programData: string | undefined;
  readonly development: { readonly folder: string; readonly userId: number } | null;
}): PolicyLocation {
  const { platform, development } = input;
  if (development !== null)
    return { platform, folder: development.folder, trustedOwners: [root, development.userId] };
  const system = { platform, folder: systemFolder(platform, input.programData), trustedOwners: [root] };
  return platform === 'darwin' ? { ...system, managedPreferences: () => managedPolicy(system) } : system;
}

function systemFolder(platform: NodeJS.Platform, programData: string | undefined): string {
  if (platform === 'darwin') return macosFolder;
  if (platform !== 'win32') return linuxFolder;
  const local = programData !== undefined && /^[A-Za-z]:\\/.test(programData);
  return win32.join(local ? programData : windowsProgramData, 'Cloister');
}
