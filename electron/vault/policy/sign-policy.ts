import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { signNote, verifierKeyFor } from '../log/signed-note.ts';
import { maximumPolicyBytes } from './load-policy.ts';
import { parsePolicyDocument } from './policy-schema.ts';

/**
 * For IT, away from the clinicians' computers: what a computer would refuse is not signed in the first place.
 * @param text the JSON document as an editor saved it; tabs and other line ends, which a signed note cannot hold, are
 *   replaced, which JSON does not mind
 * @param seed 32 bytes, the organisation's private key (RFC 8032); the caller zeroes it
 * @returns the content of `policy.note` and of `organisation.vkey`; `invalid-input` says what is wrong
 */
export function signPolicy(
  text: string,
  seed: Uint8Array,
): Result<{ readonly note: string; readonly organisationKey: string }> {
  const lines = textForNote(text);
  const document = parsePolicyDocument(lines);
  if (!document.ok) return err(cannotBeUsed(document.error));
  const { organisation } = document.value;
  const note = signNote(`${lines}\n`, organisation, seed);
  if (Buffer.byteLength(note) > maximumPolicyBytes) return err(cannotBeUsed('it is larger than 1 MiB'));
  return ok({ note, organisationKey: `${verifierKeyFor(organisation, seed)}\n` });
}

/** What an editor saved, without what a signed note cannot hold. */
export function textForNote(text: string): string {
  return text
    .replace(/^\ufeff/u, '')
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, '  ')
    .trimEnd();
}

function cannotBeUsed(detail: string) {
  return appError(
    'invalid-input',
    `This policy cannot be used: ${detail}. Nothing was signed. Correct it and sign again; docs/policy.md lists every setting.`,
  );
}
