import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { err, ok, type Result } from '../../shared/result.ts';
import { openNote, parseVerifierKey, type NoteError } from '../log/signed-note.ts';
import { decodeUtf8 } from './decode-utf8.ts';
import { policyProblem, type PolicyProblem, type PolicyProblemCode } from './policy-problem.ts';
import { parsePolicyDocument, type PolicyDocument } from './policy-schema.ts';
import {
  defaultSettings,
  policySettingsSchema,
  sourcesOf,
  strictestSettings,
  type PolicySettings,
  type PolicySources,
} from './policy-settings.ts';
import { checkTrustedFolder, readTrustedFile, type ReadProblem, type Trust } from './read-trusted-file.ts';

/**
 * The policy: a C2SP signed note whose text is the JSON document of `policy-schema.ts`, signed by the organisation's
 * Ed25519 key under the name of its domain. Whatever is not exactly right makes every setting its strictest; nothing
 * here keeps Cloister from starting.
 */
export const policyFile = 'policy.note';
/** One C2SP verifier key, and a newline or none. */
export const organisationKeyFile = 'organisation.vkey';

export const maximumPolicyBytes = 1024 * 1024;
const maximumKeyBytes = 1000;

export type EffectivePolicy = {
  readonly settings: PolicySettings;
  readonly sources: PolicySources;
  /** Of the policy in force; null with the defaults and with a problem. */
  readonly version: number | null;
  readonly organisation: string | null;
  readonly issuedAt: string | null;
  /** The key that the policy was verified with. */
  readonly verifierKey: string | null;
  /** The exact signed note in force: signature and all. */
  readonly note: string | null;
  /** Hex, of the exact note, also of one that was refused; null where none could be read. */
  readonly sha256: string | null;
  readonly problem: PolicyProblem | null;
};

export type PolicyInput = Trust & {
  /** See `policy-location.ts`. */
  readonly folder: string;
  /** The organisation's verifier key, from the keyring of an enrolled computer. */
  readonly pinnedKey: string | null;
  /** The highest version that was ever in force here. A policy of the same version is taken. */
  readonly highestSeenVersion: number | null;
  /** macOS: the text of the note from managed preferences; it goes before the file. Null where there is none. */
  readonly managedPreferences?: () => string | null;
};

/**
 * Reads two files; writes nothing.
 * @returns the defaults where there is neither a policy nor a key; everything strictest, with a problem, where there is
 *   something and it is not a policy that this computer can trust
 */
export function loadPolicy(input: PolicyInput): EffectivePolicy {
  const found = findPolicy(input);
  if (!found.ok) return strictest(policyProblem(found.error), null);
  if (found.value === null) return unmanaged();
  const { bytes, verifierKey } = found.value;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (bytes.byteLength > maximumPolicyBytes) return strictest(policyProblem('policy-too-large'), sha256);
  const opened = openPolicy(bytes, verifierKey, input.highestSeenVersion);
  if (!opened.ok) return strictest(opened.error, sha256);
  const { note, document } = opened.value;
  return {
    settings: policySettingsSchema.parse({ ...defaultSettings(), ...document.settings }),
    sources: sourcesOf((name) => (document.settings[name] === undefined ? 'default' : 'policy')),
    version: document.version,
    organisation: document.organisation,
    issuedAt: document.issuedAt,
    verifierKey,
    note,
    sha256,
    problem: null,
  };
}

type Found = { readonly bytes: Buffer; readonly verifierKey: string };

function findPolicy(input: PolicyInput): Result<Found | null, PolicyProblemCode> {
  const folder = checkTrustedFolder(input.folder, input);
  if (!folder.ok) return err(readProblems[folder.error]);
  const read = readerOf(input, folder.value);
  const placed = readPlacedKey(read);
  if (!placed.ok) return placed;
  const managed = input.managedPreferences?.() ?? null;
  const note = managed === null ? read(policyFile, maximumPolicyBytes) : ok(Buffer.from(managed, 'utf8'));
  if (!note.ok) return err(readProblems[note.error]);

  if (note.value === null && placed.value === null && input.pinnedKey === null) return ok(null);
  const verifierKey = trustedKey(placed.value, input.pinnedKey);
  if (!verifierKey.ok) return verifierKey;
  return note.value === null
    ? err('policy-missing')
    : ok({ bytes: note.value, verifierKey: verifierKey.value });
}

type ReadFile = (name: string, maximumBytes: number) => Result<Buffer | null, ReadProblem>;

const readerOf =
  (input: Trust & { readonly folder: string }, folder: 'absent' | 'present'): ReadFile =>
  (name, maximumBytes) =>
    folder === 'absent' ? ok(null) : readTrustedFile(join(input.folder, name), maximumBytes, input);

function readPlacedKey(read: ReadFile): Result<string | null, PolicyProblemCode> {
  const bytes = read(organisationKeyFile, maximumKeyBytes);
  if (!bytes.ok) return err(bytes.error === 'too-large' ? 'policy-key-malformed' : readProblems[bytes.error]);
  return ok(bytes.value?.toString('utf8').replace(/\n$/, '') ?? null);
}

/** The organisation's key, for what else it signs. @returns null where there is none; a problem as for the policy */
export function readOrganisationKey(
  location: Trust & { readonly folder: string },
  pinnedKey: string | null,
): Result<string | null, PolicyProblemCode> {
  const folder = checkTrustedFolder(location.folder, location);
  if (!folder.ok) return err(readProblems[folder.error]);
  const placed = readPlacedKey(readerOf(location, folder.value));
  if (!placed.ok) return placed;
  return placed.value === null && pinnedKey === null ? ok(null) : trustedKey(placed.value, pinnedKey);
}

function trustedKey(placed: string | null, pinned: string | null): Result<string, PolicyProblemCode> {
  const key = pinned ?? placed;
  if (key === null) return err('policy-key-missing');
  if (parseVerifierKey(key) === null || (placed !== null && parseVerifierKey(placed) === null))
    return err('policy-key-malformed');
  // A verifier key can be written in one way only, so its text can be compared.
  return placed !== null && placed !== key ? err('policy-key-differs') : ok(key);
}

function openPolicy(
  bytes: Buffer,
  verifierKey: string,
  highestSeenVersion: number | null,
): Result<{ readonly note: string; readonly document: PolicyDocument }, PolicyProblem> {
  const note = decodeUtf8(bytes);
  if (note === null) return err(policyProblem('policy-signature'));
  const text = openNote(note, verifierKey);
  if (!text.ok) return err(policyProblem(noteProblems[text.error]));
  const document = parsePolicyDocument(text.value);
  if (!document.ok) return err(policyProblem('policy-malformed', document.error));
  const { organisation, version } = document.value;
  if (organisation !== parseVerifierKey(verifierKey)?.name)
    return err(policyProblem('policy-other-organisation'));
  if (highestSeenVersion !== null && version < highestSeenVersion)
    return err(policyProblem('policy-rolled-back'));
  return ok({ note, document: document.value });
}

function unmanaged(): EffectivePolicy {
  return { ...nothing, settings: defaultSettings(), sources: sourcesOf(() => 'default') };
}

function strictest(problem: PolicyProblem, sha256: string | null): EffectivePolicy {
  const sources = sourcesOf(() => 'strictest');
  return { ...nothing, settings: strictestSettings(), sources, sha256, problem };
}

const nothing = {
  version: null,
  organisation: null,
  issuedAt: null,
  verifierKey: null,
  note: null,
  sha256: null,
  problem: null,
} as const;

const readProblems: Readonly<Record<ReadProblem, PolicyProblemCode>> = {
  unreadable: 'policy-unreadable',
  'not-a-file': 'policy-not-a-file',
  permissions: 'policy-permissions',
  'too-large': 'policy-too-large',
};
const noteProblems: Readonly<Record<NoteError, PolicyProblemCode>> = {
  malformed: 'policy-signature',
  'malformed-key': 'policy-key-malformed',
  'unknown-signer': 'policy-unknown-signer',
  'bad-signature': 'policy-signature',
};
