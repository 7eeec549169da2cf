import type { Result } from '../shared/result.ts';
import { parseRecoveryIdentity, type RecoveryIdentity } from '../vault/keys/recovery-key.ts';
import type { CommandDeps } from './command.ts';

/** Asked for without echo, or read from a pipe. The text cannot be zeroed; it ends with this process. */
export async function askRecoveryKey(deps: CommandDeps): Promise<Result<RecoveryIdentity>> {
  const given = await deps.readSecret('Recovery key');
  if (!given.ok) return given;
  const identity = parseRecoveryIdentity(given.value.toString('utf8'));
  given.value.fill(0);
  return identity;
}
