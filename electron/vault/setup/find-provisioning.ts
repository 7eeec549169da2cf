import { join } from 'node:path';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { organisationKeyFile } from '../policy/load-policy.ts';
import type { PolicyLocation } from '../policy/policy-location.ts';
import type { Provisioning } from '../policy/provisioning.ts';
import { maximumProvisioningBytes, provisioningFile } from '../policy/provisioning-file.ts';
import { checkTrustedFolder, readTrustedFile } from '../policy/read-trusted-file.ts';

const maximumKeyBytes = 1000;

/** @returns null where IT put no such file; an error where there is one and it cannot be used */
export async function findProvisioning(location: PolicyLocation): Promise<Result<Provisioning | null>> {
  const folder = checkTrustedFolder(location.folder, location);
  if (!folder.ok) return err(untrusted);
  if (folder.value === 'absent') return ok(null);
  const file = readTrustedFile(join(location.folder, provisioningFile), maximumProvisioningBytes, location);
  if (!file.ok) return err(untrusted);
  if (file.value === null) return ok(null);
  const key = readTrustedFile(join(location.folder, organisationKeyFile), maximumKeyBytes, location);
  if (!key.ok) return err(untrusted);
  // Both stand in the same folder, so a key that only the file names is as good as one beside it.
  const { openProvisioning } = await import('../policy/provisioning.ts');
  return openProvisioning(file.value, key.value?.toString('utf8').replace(/\n$/, '') ?? null);
}

const untrusted = appError(
  'invalid-input',
  'IT has put a set-up file on this computer, but others than its administrators could have changed it, or it cannot be read, so it is not used. Nothing was set up. IT: let the policy folder and the files in it belong to the system and be writable by nobody else, then start Cloister again.',
);
