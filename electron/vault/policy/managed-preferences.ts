import { readTrustedFile, type Trust } from './read-trusted-file.ts';
import { stringOfPropertyList } from './property-list.ts';

/**
 * macOS: what a device management server forces for this app. The system keeps it in a folder of root's; what a user
 * changes with `defaults write` lies elsewhere and is never read. The file's name is the app's bundle id.
 */
export const managedPreferencesFile = '/Library/Managed Preferences/health.cloister.desktop.plist';

const policyKey = 'policy';
/** The note itself has 1 MiB at most; here it may stand in two bytes a character, among other settings. */
const maximumBytes = 4 * 1024 * 1024;

/**
 * @returns the text of the policy's note; null where the server sets none; an empty text, which is no note and makes
 *   everything strictest, where there is a file that cannot be trusted or read
 */
export function managedPolicy(trust: Trust, path = managedPreferencesFile): string | null {
  const file = readTrustedFile(path, maximumBytes, trust);
  if (!file.ok) return '';
  if (file.value === null) return null;
  const found = stringOfPropertyList(file.value, policyKey);
  return found.ok ? found.value : '';
}
