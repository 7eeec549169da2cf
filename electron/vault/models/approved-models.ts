import { join } from 'node:path';
import { z } from 'zod';
import { appError, type AppError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { openNote, parseVerifierKey } from '../log/signed-note.ts';
import { decodeUtf8 } from '../policy/decode-utf8.ts';
import { readOrganisationKey } from '../policy/load-policy.ts';
import type { PolicyLocation } from '../policy/policy-location.ts';
import { organisationDomainSchema } from '../policy/policy-schema.ts';
import { checkTrustedFolder, readTrustedFile } from '../policy/read-trusted-file.ts';
import { parseUnambiguousJson } from '../policy/unambiguous-json.ts';
import { catalogueMembers, catalogueOf, readCatalogue, type Catalogue } from './model-catalogue.ts';

/**
 * Which models may be loaded: those of the app's own catalogue, which is part of the signed package, or, where the
 * organisation put its own list beside its policy, those of that list and no other. It is a C2SP signed note by the key
 * that signs the policy. A list that is not exactly right approves nothing.
 */
export const approvedModelsFile = 'models.note';
export const maximumApprovedModelsBytes = 1024 * 1024;

export const approvedModelsSchema = z.strictObject({
  format: z.literal('cloister-approved-models/1'),
  organisation: organisationDomainSchema,
  issuedAt: z.iso.datetime(),
  ...catalogueMembers,
});

export type ApprovedModels = {
  readonly by: 'app' | 'organisation';
  /** Null: no model is approved. */
  readonly catalogue: Catalogue | null;
  /** Why the list of the organisation is not used. */
  readonly problem: AppError | null;
};

/** @param pinnedKey the organisation's verifier key, from the keyring of an enrolled computer */
export function approvedModels(
  cataloguePath: string,
  location: PolicyLocation,
  pinnedKey: string | null,
): ApprovedModels {
  const note = readNote(location);
  if (!note.ok) return refused(note.error);
  if (note.value === null) return { by: 'app', catalogue: readCatalogue(cataloguePath), problem: null };
  const key = readOrganisationKey(location, pinnedKey);
  if (!key.ok || key.value === null) return refused(errors.key);
  const opened = openApprovedModels(note.value, key.value);
  return opened.ok
    ? { by: 'organisation', catalogue: opened.value, problem: null }
    : refused(errors[opened.error]);
}

function readNote(location: PolicyLocation): Result<Buffer | null> {
  const folder = checkTrustedFolder(location.folder, location);
  if (!folder.ok) return err(errors.unreadable);
  if (folder.value === 'absent') return ok(null);
  const note = readTrustedFile(
    join(location.folder, approvedModelsFile),
    maximumApprovedModelsBytes,
    location,
  );
  return note.ok ? note : err(errors.unreadable);
}

/** @param bytes the exact file */
export function openApprovedModels(
  bytes: Uint8Array,
  verifierKey: string,
): Result<Catalogue, 'signature' | 'malformed'> {
  const note = decodeUtf8(bytes);
  const text = note === null ? null : openNote(note, verifierKey);
  if (text?.ok !== true) return err('signature');
  const json = parseUnambiguousJson(text.value);
  const document = json.ok ? approvedModelsSchema.safeParse(json.value) : null;
  if (document?.success !== true || document.data.organisation !== parseVerifierKey(verifierKey)?.name)
    return err('malformed');
  const catalogue = catalogueOf(document.data);
  return catalogue === null ? err('malformed') : ok(catalogue);
}

const refused = (problem: AppError): ApprovedModels => ({ by: 'organisation', catalogue: null, problem });

const refusal = (what: string, next: string): AppError =>
  appError(
    'model-not-approved',
    `${what}, so no model is approved and none is loaded. The record can be read and examined as before. IT: ${next}, then start Cloister again.`,
  );
const errors = {
  unreadable: refusal(
    'The list of approved models (models.note) in the policy folder cannot be read, or others than administrators may change it',
    'check the folder and the rights of the file',
  ),
  key: refusal(
    'There is a list of approved models (models.note), but no usable key of the organisation to check it with',
    'put organisation.vkey into the policy folder',
  ),
  signature: refusal(
    'The list of approved models (models.note) is not signed by this organisation, or was changed afterwards',
    'copy it again from where it was signed, byte for byte',
  ),
  malformed: refusal(
    'The signed list of approved models (models.note) cannot be used',
    'sign it anew with `cloister models sign`, which says what is wrong',
  ),
} as const;
