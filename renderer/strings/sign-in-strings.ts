export const signInStrings = {
  title: 'Sign in',
  locked: 'Locked',
  lockedBy: (name: string) => `by ${name}. The unfinished text is kept.`,
  who: 'Who are you?',
  passphrase: 'Passphrase',
  signIn: 'Sign in',
  opening: 'Opening the record',
  deviceBound: 'The record opens with your passphrase on this computer only.',
  passphraseOnly:
    'This computer has no system keychain, so the passphrase alone protects the record. IT knows more.',
} as const;
