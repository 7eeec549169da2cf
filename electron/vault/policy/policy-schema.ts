import { z } from 'zod';
import { err, ok, type Result } from '../../shared/result.ts';
import { parseUnambiguousJson } from './unambiguous-json.ts';
import { policySettingsSchema } from './policy-settings.ts';

/** `clinic.example`: also the name of the organisation's signing key. */
export const organisationDomainSchema = z
  .string()
  .regex(/^(?=.{3,190}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/);

/** The text of `policy.note`. A member that is not listed is refused: a typo must not silently weaken. */
export const policyDocumentSchema = z.strictObject({
  v: z.literal(1).describe('Version of this format.'),
  version: z
    .int()
    .min(1)
    .describe(
      'Number of this policy. Raise it with every change: a computer never goes back to a lower one.',
    ),
  issuedAt: z.iso.datetime().describe('When it was issued, in UTC. For people; Cloister only shows it.'),
  organisation: organisationDomainSchema.describe(
    'Domain of the organisation, and the name of the key that signs.',
  ),
  settings: policySettingsSchema.partial().describe('A setting that is left out has its default.'),
});
export type PolicyDocument = Readonly<z.infer<typeof policyDocumentSchema>>;

/** @returns where the text is wrong, as part of a sentence for IT. To be called only on text whose signer is trusted. */
export function parsePolicyDocument(text: string): Result<PolicyDocument, string> {
  const json = parseUnambiguousJson(text);
  if (!json.ok) return json;
  const document = policyDocumentSchema.safeParse(json.value);
  if (document.success) return ok(document.data);
  const [issue] = document.error.issues;
  return err(issue === undefined ? 'it is not a policy' : describeIssue(issue));
}

/** Part of a sentence: names only, no value. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const place = issue.path.length === 0 ? 'the document' : `"${issue.path.join('.')}"`;
  if (issue.code !== 'unrecognized_keys') return `${place} is missing or has a value that is not allowed`;
  const [name = ''] = issue.keys;
  // Names only, whatever else stands there.
  return /^\w{1,60}$/.test(name)
    ? `${place} has a member "${name}" that does not exist`
    : `${place} has a member that does not exist`;
}
