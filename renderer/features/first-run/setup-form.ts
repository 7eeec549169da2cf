export type Person = { readonly displayName: string; readonly passphrase: string; readonly repeated: string };
export type RecoveryEntry = { readonly recipient: string; readonly proven: boolean };

/** What the wizard collects; the vault parses and judges it again. */
export type SetupForm = {
  readonly organisationName: string;
  readonly organisationDomain: string;
  readonly administrator: Person;
  readonly clinician: Person;
  readonly recovery: readonly RecoveryEntry[];
  readonly acceptSingleRecipient: boolean;
};

const nobody: Person = { displayName: '', passphrase: '', repeated: '' };

export const emptyForm: SetupForm = {
  organisationName: '',
  organisationDomain: '',
  administrator: nobody,
  clinician: nobody,
  recovery: [],
  acceptSingleRecipient: false,
};

/** In characters; the vault refuses fewer. */
export function missingCharacters(passphrase: string, minimum: number): number {
  return Math.max(0, minimum - [...passphrase].length);
}

/** All keys proven, and two of them, or one that was accepted as the only one. */
export function recoveryIsEnough({ recovery, acceptSingleRecipient }: SetupForm): boolean {
  if (recovery.length === 0 || recovery.some((entry) => !entry.proven)) return false;
  return recovery.length > 1 || acceptSingleRecipient;
}

/** The fixed beginning, then four characters a group: what a person can type back from paper. */
export function inGroups(identity: string): readonly string[] {
  const prefix = 'AGE-SECRET-KEY-';
  const rest = identity.startsWith(prefix) ? identity.slice(prefix.length) : identity;
  return [...(rest === identity ? [] : [prefix]), ...(rest.match(/.{1,4}/g) ?? [])];
}
