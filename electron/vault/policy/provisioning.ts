import { createHash } from 'node:crypto';
import type { UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { KdfParameters } from '../keys/argon2.ts';
import { createEnrolmentKey } from '../keys/enrolment-key.ts';
import type { WrappedKey } from '../keys/keyring-schema.ts';
import { openNote, parseVerifierKey, signNote, verifierKeyFor, type NoteError } from '../log/signed-note.ts';
import { checkProvisioning } from './check-provisioning.ts';
import { decodeUtf8 } from './decode-utf8.ts';
import { createEnrolmentCode } from './enrolment-code.ts';
import { maximumProvisioningBytes } from './provisioning-file.ts';
import { provisioningProblem, type ProvisioningProblem } from './provisioning-problem.ts';
import type { ProvisionedRole, ProvisioningDocument } from './provisioning-schema.ts';
import { parseUnambiguousJson } from './unambiguous-json.ts';

/**
 * For IT: makes a key pair and a one-time code for each person.
 * @param organisationSeed 32 bytes, the organisation's private key (RFC 8032); the caller zeroes it
 * @param kdf only tests pass weaker parameters; an installation refuses what they make
 * @returns the content of the file, and the codes as they are printed, which stand nowhere else; `invalid-input` for what no computer would take
 */
export async function createProvisioning(input: {
  readonly organisation: { readonly name: string; readonly domain: string };
  readonly organisationSeed: Uint8Array;
  readonly recoveryRecipients: readonly string[];
  readonly users: readonly {
    readonly userId: UserId;
    readonly displayName: string;
    readonly role: ProvisionedRole;
  }[];
  readonly kdf?: KdfParameters;
}): Promise<
  Result<{
    readonly note: string;
    readonly codes: readonly { readonly userId: UserId; readonly code: string }[];
  }>
> {
  const { name, domain } = input.organisation;
  if (!/^[^\s+]+$/.test(domain)) return err(provisioningProblem('not-allowed', 'organisation.domain'));
  const users: unknown[] = [];
  const codes: { userId: UserId; code: string }[] = [];
  for (const { userId, displayName, role } of input.users) {
    const { normalised, printed } = createEnrolmentCode();
    const { recipient, wrapped } = await createEnrolmentKey({
      userId,
      code: normalised,
      ...(input.kdf === undefined ? {} : { kdf: input.kdf }),
    });
    const { kdf, nonce, ciphertext } = wrapped;
    users.push({ userId, displayName, role, enrolment: { recipient, kdf, nonce, ciphertext } });
    codes.push({ userId, code: printed });
  }
  const verifierKey = verifierKeyFor(domain, input.organisationSeed);
  const document = await checkProvisioning({
    v: 1,
    organisation: { name, domain, verifierKey },
    recoveryRecipients: input.recoveryRecipients,
    users,
  });
  if (!document.ok) return document;
  const note = signNote(`${JSON.stringify(document.value, null, 2)}\n`, domain, input.organisationSeed);
  return Buffer.byteLength(note) > maximumProvisioningBytes
    ? err(provisioningProblem('too-large'))
    : ok({ note, codes });
}

/** As the keyring's record of an enrolling account, still without sealed keys. */
export type ProvisionedUser = {
  readonly userId: UserId;
  readonly displayName: string;
  readonly role: ProvisionedRole;
  readonly recipient: string;
  readonly wrapped: WrappedKey;
};

export type Provisioning = {
  readonly organisation: { readonly name: string; readonly domain: string; readonly verifierKey: string };
  readonly recoveryRecipients: readonly string[];
  readonly users: readonly ProvisionedUser[];
  /** Hex, of the exact file. */
  readonly sha256: string;
  /** False: the file vouches for itself, so a person must compare the key with IT before it counts. */
  readonly signerExpected: boolean;
};

/**
 * @param note the bytes of the file
 * @param expectedVerifierKey from `organisation.vkey` or the keyring; null takes the key that the file names
 * @returns `invalid-input` with a sentence for each way a file can be wrong
 */
export async function openProvisioning(
  note: Uint8Array,
  expectedVerifierKey: string | null,
): Promise<Result<Provisioning>> {
  if (note.byteLength > maximumProvisioningBytes) return err(provisioningProblem('too-large'));
  const text = decodeUtf8(note);
  if (text === null) return err(provisioningProblem('not-a-note'));
  const verifierKey = expectedVerifierKey ?? statedVerifierKey(text);
  if (verifierKey === null) return err(provisioningProblem('not-a-note'));
  const signed = openNote(text, verifierKey);
  if (!signed.ok) return err(provisioningProblem(noteProblems[signed.error]));
  const json = parseUnambiguousJson(signed.value);
  if (!json.ok) return err(provisioningProblem('not-json', json.error));
  const document = await checkProvisioning(json.value);
  if (!document.ok) return document;
  const { organisation, recoveryRecipients, users } = document.value;
  if (organisation.verifierKey !== verifierKey) return err(provisioningProblem('other-key'));
  return ok({
    organisation,
    recoveryRecipients,
    users: users.map(recordOf),
    sha256: createHash('sha256').update(note).digest('hex'),
    signerExpected: expectedVerifierKey !== null,
  });
}

/** Not trusted before the signature has been checked with it; then the document is read again, strictly. */
function statedVerifierKey(note: string): string | null {
  const found = /"verifierKey":\s*"([^"\\]{1,500})"/.exec(note)?.[1] ?? '';
  return parseVerifierKey(found) === null ? null : found;
}

function recordOf({ enrolment, ...user }: ProvisioningDocument['users'][number]): ProvisionedUser {
  const { recipient, ...wrapped } = enrolment;
  return { ...user, recipient, wrapped: { v: 1, mode: 'enrolment', ...wrapped } };
}

const noteProblems: Readonly<Record<NoteError, ProvisioningProblem>> = {
  malformed: 'not-a-note',
  'malformed-key': 'unusable-key',
  'unknown-signer': 'other-signer',
  'bad-signature': 'changed',
};
