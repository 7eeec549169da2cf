import type { LockReason } from '../../electron/shared/lock-reason.ts';
import type { AccountTile } from '../../electron/shared/session-contract.ts';

export const signInStrings = {
  title: 'Sign in',
  locked: 'Locked',
  lockedFor: (name: string, writes: boolean) =>
    writes ? `What ${name} was writing is kept.` : `${name} was signed in.`,
  lockedBecause: {
    'by-hand': () => 'It was locked by hand.',
    idle: (minutes: number) =>
      `Nobody used it for ${minutes === 1 ? 'a minute' : `${minutes} minutes`}, so it locked itself.`,
    suspend: () => 'The computer was asleep.',
    'screen-locked': () => 'The screen of this computer was locked.',
  } satisfies Record<LockReason, (minutes: number) => string>,
  who: 'Who are you?',
  somebodyElse: 'Somebody else? Choose your name. What the other person was writing stays theirs.',
  passphrase: 'Passphrase',
  oneTimeCode: 'One-time code',
  oneTimeCodeHint:
    'From IT, five groups of four characters and one of two. Capitals and hyphens do not matter.',
  signIn: 'Sign in',
  opening: 'Opening the record',
  capsLock: 'Caps Lock is on.',
  tile: {
    active: null,
    enrolling: 'First sign-in: one-time code',
    reset: 'Ask IT for a one-time code',
  } satisfies Record<AccountTile['state'], string | null>,
  deviceBound: 'The record opens with your passphrase on this computer only.',
  passphraseOnly:
    'This computer has no system keychain, so the passphrase alone protects the record. IT knows more.',
  cancel: 'Cancel',
  goOn: 'Go on',
  factorTitle: 'Second factor',
  factorDetail: 'Type the six digits that your authenticator app shows now.',
  factorField: 'Six digits',
  factorCode: 'Recovery code',
  factorCodeDetail: 'Type one of the recovery codes that you kept. It works once.',
  useCode: 'Use a recovery code instead',
  useApp: 'Use the app instead',
  chooseTitle: 'Choose your passphrase',
  chooseBecause: {
    enrolment: 'The one-time code was right. From now on you sign in with a passphrase that only you know.',
    forced: 'IT asks for a new passphrase. The old one opens nothing after this.',
    recovery:
      'The recovery key opened the record. Choose the new passphrase of this administrator; this is recorded.',
  },
  choose: 'Use this passphrase',
  enrolTitle: 'Set up your second factor',
  enrolDetail:
    'Your organisation wants a second factor: a six-digit code from an app on your phone, asked for after the passphrase.',
  recoverLink: 'Nobody can sign in? IT uses a recovery key',
  recoverTitle: 'Use a recovery key',
  recoverDetail:
    'For the day when every administrator has forgotten the passphrase. The recovery key opens the record, and one administrator chooses a new passphrase. Other accounts stay as they are. This is recorded and stands out.',
  recoverWho: 'Administrator who gets a new passphrase',
  recoverKey: 'Recovery key, typed or pasted from the sheet',
  recoverFile: 'Or open the saved file',
  recover: 'Open with this key',
} as const;

export const lockStrings = {
  warning: (seconds: number) => `Cloister locks in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
  stay: 'Stay signed in',
} as const;
