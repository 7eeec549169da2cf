import type { Result } from '../../shared/result.ts';
import type { EffectivePolicy } from '../policy/load-policy.ts';
import type { Installation } from '../setup/installation-files.ts';
import type { SealedJournal } from './sealed-journal.ts';

/** What was wrong when the vault started; the next sign-in brings it into the record. */
export function journalStart(
  journal: Pick<SealedJournal, 'append'>,
  found: {
    readonly isAttemptsFileDamaged: boolean;
    readonly installation: Result<Installation>;
    readonly policyProblem: NonNullable<EffectivePolicy['problem']>['code'] | null;
  },
): void {
  const { installation, policyProblem } = found;
  if (found.isAttemptsFileDamaged) void journal.append({ type: 'keyring.refused', code: 'attempts-damaged' });
  const keyProblem = keyringProblem(installation);
  if (keyProblem !== null) void journal.append({ type: 'keyring.refused', code: keyProblem });
  if (policyProblem !== null) void journal.append({ type: 'policy.problem', code: policyProblem });
}

function keyringProblem(installation: Result<Installation>): 'newest-damaged' | 'keyring-damaged' | null {
  if (!installation.ok) return installation.error.code === 'keyring-damaged' ? 'keyring-damaged' : null;
  return installation.value.notice === null ? null : 'newest-damaged';
}
