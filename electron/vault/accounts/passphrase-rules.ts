/** What a new passphrase must reach. */
export type PassphraseRules = {
  /** Characters, as people count them: code points. */
  readonly passphraseMinimumCharacters: number;
  readonly passphraseMinimumStrength: number;
};

/**
 * Where no keychain holds the other half of the key, whoever takes the disk has nothing but the passphrase to guess. NIST SP
 * 800-63B-4 (3.1.1.2) asks for 15 characters where a password is all there is.
 */
const alone: PassphraseRules = { passphraseMinimumCharacters: 15, passphraseMinimumStrength: 4 };

/** @param isAlone whether the passphrase alone guards the record */
export function passphraseRules(policy: PassphraseRules, isAlone: boolean): PassphraseRules {
  if (!isAlone) return policy;
  const stricter = (name: keyof PassphraseRules): number => Math.max(policy[name], alone[name]);
  return {
    passphraseMinimumCharacters: stricter('passphraseMinimumCharacters'),
    passphraseMinimumStrength: stricter('passphraseMinimumStrength'),
  };
}
