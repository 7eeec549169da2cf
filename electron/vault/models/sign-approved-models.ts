import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { signNote } from '../log/signed-note.ts';
import { textForNote } from '../policy/sign-policy.ts';
import { describeIssue } from '../policy/policy-schema.ts';
import { parseUnambiguousJson } from '../policy/unambiguous-json.ts';
import { approvedModelsSchema, maximumApprovedModelsBytes } from './approved-models.ts';
import { catalogueOf } from './model-catalogue.ts';

/**
 * For IT, away from the clinicians' computers: what a computer would refuse is not signed in the first place.
 * @param text the JSON document as an editor saved it
 * @param seed 32 bytes, the organisation's private key (RFC 8032); the caller zeroes it
 * @returns the content of `models.note`; `invalid-input` says what is wrong
 */
export function signApprovedModels(
  text: string,
  organisation: string,
  seed: Uint8Array,
): Result<{ readonly note: string; readonly models: number }> {
  const lines = textForNote(text);
  const json = parseUnambiguousJson(lines);
  if (!json.ok) return err(cannotBeUsed(json.error));
  const document = approvedModelsSchema.safeParse(json.value);
  if (!document.success) {
    const [issue] = document.error.issues;
    return err(cannotBeUsed(issue === undefined ? 'it is no such list' : describeIssue(issue)));
  }
  if (document.data.organisation !== organisation)
    return err(cannotBeUsed('the key belongs to another organisation than the list names'));
  const catalogue = catalogueOf(document.data);
  if (catalogue === null)
    return err(cannotBeUsed('its default is none of its models, or an id, a file or a SHA-256 stands twice'));
  const note = signNote(`${lines}\n`, organisation, seed);
  if (Buffer.byteLength(note) > maximumApprovedModelsBytes)
    return err(cannotBeUsed('it is larger than 1 MiB'));
  return ok({ note, models: catalogue.models.length });
}

function cannotBeUsed(detail: string) {
  return appError(
    'invalid-input',
    `This list of models cannot be used: ${detail}. Nothing was signed. Correct it and sign again; docs/policy.md says what it holds.`,
  );
}
