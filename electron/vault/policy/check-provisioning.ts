import { err, ok, type Result } from '../../shared/result.ts';
import { checkRecipient } from '../keys/recovery-key.ts';
import { parseVerifierKey } from '../log/signed-note.ts';
import { provisioningProblem } from './provisioning-problem.ts';
import { provisioningSchema, type ProvisioningDocument } from './provisioning-schema.ts';

/**
 * All that a provisioning document must be, whoever signed it.
 * @returns `invalid-input` with a sentence that names the place of the first fault, never what stands there
 */
export async function checkProvisioning(value: unknown): Promise<Result<ProvisioningDocument>> {
  const parsed = provisioningSchema.safeParse(value);
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join('.') ?? '';
    return err(provisioningProblem('not-allowed', place === '' ? 'the document' : place));
  }
  const { organisation, recoveryRecipients, users } = parsed.data;
  if (parseVerifierKey(organisation.verifierKey)?.name !== organisation.domain)
    return err(provisioningProblem('other-domain'));
  if (hasTwice(users.map(({ userId }) => userId.toLowerCase())))
    return err(provisioningProblem('user-twice'));
  if (hasTwice(users.map(({ displayName }) => displayName.normalize('NFKC').toLowerCase())))
    return err(provisioningProblem('name-twice'));
  const recipients = [...recoveryRecipients, ...users.map(({ enrolment }) => enrolment.recipient)];
  if (hasTwice(recipients)) return err(provisioningProblem('recipient-twice'));
  for (const recipient of recipients) {
    if (!(await checkRecipient(recipient)).ok) return err(provisioningProblem('unusable-recipient'));
  }
  return ok(parsed.data);
}

function hasTwice(texts: readonly string[]): boolean {
  return new Set(texts).size !== texts.length;
}
