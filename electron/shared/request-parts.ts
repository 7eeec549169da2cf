import { z } from 'zod';
import { mostCharacters } from './limits.ts';
import type { Caller } from './roles.ts';

/** What the requests of the contract are made of. */

/** A lone surrogate has no UTF-8 of its own, so two texts would share one commitment: refused before anything else. */
export const wellFormed = z.string().refine((text) => text.isWellFormed());
export const sourceTextSchema = wellFormed.max(mostCharacters.source);
export const questionSchema = wellFormed.max(mostCharacters.question);
/** Far longer than anybody types, so that a paste that went wrong is refused, counted and recorded like any wrong passphrase. */
export const passphraseSchema = z.string().max(20_000);
export const displayNameSchema = wellFormed.trim().min(1).max(120);
/** What the clinician types to say which patient: a record number or the like. Stored in the encrypted database only. */
export const patientReferenceSchema = wellFormed.trim().min(1).max(mostCharacters.patientReference);
export const ageRecipientSchema = z.string().regex(/^age1[02-9ac-hj-np-z]{58}$/);

export const empty = z.strictObject({});

export function request<I extends z.ZodType, O extends z.ZodType>(
  roles: readonly Caller[],
  input: I,
  output: O,
) {
  return { roles, input, output };
}

export const signedIn: readonly Caller[] = ['clinician', 'auditor', 'it-admin', 'sole-practitioner'];
export const everyone: readonly Caller[] = ['none', ...signedIn];
/** Who writes about patients. */
export const clinicians: readonly Caller[] = ['clinician', 'sole-practitioner'];
/** Who keeps the accounts, the keys and the policy. */
export const administrators: readonly Caller[] = ['it-admin', 'sole-practitioner'];
/** Who may read what patients' records say, an auditor only where the policy says so. */
export const readers: readonly Caller[] = ['clinician', 'auditor', 'sole-practitioner'];
/** Who hands the record to an outsider. */
export const keepers: readonly Caller[] = ['auditor', 'it-admin', 'sole-practitioner'];
