export const passphraseStrings = {
  next: 'New passphrase',
  hint: 'Four or five random words are strong and easy to remember.',
  repeat: 'Repeat the new passphrase',
  differs: 'The two passphrases are not the same. Type them again.',
  saving: 'Saving',
  cancel: 'Cancel',
} as const;
