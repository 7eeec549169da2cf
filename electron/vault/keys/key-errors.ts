import { appError } from '../../shared/app-error.ts';

/** A blob that does not open, belongs to somebody else or disagrees with the rest of the key file. */
export const keyringDamaged = appError(
  'keyring-damaged',
  'The key file of this installation is damaged or was changed outside Cloister, so the record cannot be opened with it. The record and the key file were not touched. Call IT, who restore the key file from a backup or use the recovery key.',
);

/** No verifier is stored, so a damaged entry looks like a mistyped passphrase: the sentence must allow for it. */
export const wrongPassphrase = appError(
  'wrong-passphrase',
  'That is not the passphrase of this account. Nothing was lost. Check Caps Lock and the keyboard language, then type it again. If it is never right, call IT: they give you a one-time code.',
);

export const keychainChanged = appError(
  'keychain-changed',
  "This computer's keychain did not give back its half of the key: it may be locked, or have been reset or moved. Nothing was deleted. Unlock the keychain of the same computer account and try again; if that does not help, call IT, who open the record with the recovery key.",
);

export const recoveryKeyDoesNotOpen = appError(
  'recovery-wrong-key',
  'This recovery key does not open this installation. Nothing was changed. Check which sheet or drive you took: each installation has recovery keys of its own.',
);
