import type { AccountRow } from '../../electron/shared/account-data.ts';
import type { Role } from '../../electron/shared/roles.ts';

export const accountStrings = {
  title: 'Accounts',
  detail: 'Who may use Cloister on this computer. Every change is recorded with your name.',
  add: 'Add a person',
  name: 'Name',
  role: 'Role',
  roleDetail: {
    clinician: 'Writes with the model about patients and sees the own record.',
    auditor: 'Examines and exports the record. Reads clinical text only where the policy says so.',
    'it-admin': 'Keeps accounts, keys and the policy, exports the record, and reads no clinical text.',
    'sole-practitioner':
      'Clinician and administrator in one. Only where the policy allows it, and every export says so.',
  } satisfies Record<Role, string>,
  state: {
    active: 'Active',
    enrolling: 'Waiting for first sign-in',
    reset: 'Needs a one-time code',
    disabled: 'Switched off',
  } satisfies Record<AccountRow['state'], string>,
  columns: {
    name: 'Name',
    role: 'Role',
    state: 'State',
    factor: 'Second factor',
    seen: 'Last sign-in',
    attempts: 'Attempts',
    actions: 'Actions',
  },
  factorYes: 'Set up',
  factorNo: 'None',
  never: 'Never',
  you: 'you',
  mustChange: 'chooses a new passphrase next time',
  wrong: (failures: number, waiting: boolean) => `${failures} wrong${waiting ? ' · has to wait' : ''}`,
  manage: 'Manage',
  manageWho: (name: string) => `Manage ${name}`,
  close: 'Close',
  cancel: 'Cancel',
  create: 'Create account',
  rename: 'Save name',
  code: 'New one-time code',
  codeDetail:
    'For a forgotten passphrase. The old passphrase stops working at once; nothing recorded is lost.',
  enable: 'Switch on again',
  enableDetail: 'Gives a one-time code. The person chooses a new passphrase with it.',
  force: 'Demand a new passphrase',
  forceDetail: 'The person chooses a new one at the next sign-in.',
  removeFactor: 'Remove second factor',
  removeFactorDetail: 'For a lost phone. Make sure first that it is really this person who asks.',
  clear: 'Lift the wait',
  clearDetail: 'After wrong passphrases, sign-in waits. This ends the wait.',
  disable: 'Switch off account',
  disableSure: 'Yes, switch it off',
  ownAccount:
    'Nobody resets or switches off the own account: another administrator does it, or a recovery key at the sign-in screen. Your passphrase and second factor are under your name at the top.',
  disableDetail:
    'The account loses its keys and the key of the record is changed, so nothing that this person knows opens it any more. You are signed out and sign in again. What the person recorded stays.',
  codeTitle: (name: string) => `One-time code for ${name}`,
  codeHandOver: 'Hand it over in person, on paper or by phone. It works once, and it is shown only now.',
  print: 'Print',
  kept: 'I have written it down or printed it',
  done: 'Done',
  keysTitle: 'Keys',
  drill: 'Prove a recovery key',
  drillDetail:
    'A recovery key opens the record when nobody can sign in. Try each of them from time to time, at least once a year.',
  drillField: 'Recovery key, typed or pasted',
  drillDone: (left: number) =>
    `This key opens the record. ${left === 0 ? 'It is the only one.' : `${left} other ${left === 1 ? 'key was' : 'keys were'} not tried.`}`,
  drillCheck: 'Check this key',
  rotate: 'Change the key of the record',
  rotateDetail:
    'A new key for the whole record. Nobody needs to do anything, and every passphrase stays as it is. You are signed out and sign in again. Older backups keep the old key.',
  rotateNow: 'Change the key now',
  rotateLog: 'Change the key that signs the record',
  rotateLogDetail:
    'New entries are signed by a new key; both keys sign the change, so every earlier audit bundle stays valid. You are signed out, and the next screen shows the fingerprint of the new key for whoever checks bundles.',
  backupTitle: 'Backup',
  backup: 'Back up the record',
  backupDetail:
    'A copy of the whole record and of the key file, encrypted as they are. With a recovery key it can be restored on another computer.',
  backupExplanation:
    'Choose a drive that is kept somewhere else. A new folder is written there and read back to the last entry; everybody can go on meanwhile. The copy opens with the passphrases and recovery keys of today, also when they are changed later.',
  backupChoose: 'Choose where and back up',
  backingUp: (percent: number) => `Copying and checking: ${percent} %`,
  backedUp: (folder: string, entries: number) =>
    `The backup is in ${folder}: ${entries} entries, each read back and checked. Prove from time to time that a recovery key opens it: cloister drill --backup.`,
  backupSameDisk:
    'This backup lies on the disk of the record itself. If the disk or the computer is lost, so are both. Copy the folder to another drive.',
  checkpoint: 'Checkpoint of the copy, to be kept with it',
  retire: 'Retire this computer',
  retireDetail:
    'For a computer that is replaced or given away: a last backup, a signed certificate, and then no key to the record is left here.',
  retireWhat: 'This cannot be undone on this computer. In this order:',
  retireSteps: [
    'The whole record is backed up into a new folder and read back to its last entry.',
    'A certificate, signed with the key of the record, is written beside the backup.',
    'The keys on this computer are destroyed and the files of the record removed. Nobody can sign in here any more.',
  ],
  retireKeep:
    'From then on the record is in that backup alone, and the law wants it kept for years. Choose a drive that is kept, not the disk of this computer.',
  retirePassphrase: 'Your passphrase',
  retireChoose: 'Choose where, back up and retire',
} as const;

export const ownAccountStrings = {
  title: 'Your account',
  passphrase: 'Passphrase',
  passphraseSet: (when: string | null) => (when === null ? 'Chosen at set-up.' : `Last changed ${when}.`),
  change: 'Change passphrase',
  current: 'Current passphrase',
  changed: 'Your passphrase was changed. The old one opens nothing any more.',
  factor: 'Second factor',
  factorDetail:
    'A six-digit code from an app on your phone, asked for after the passphrase. It protects your account if somebody sees you type.',
  factorSince: (when: string, left: number) =>
    `Set up ${when}. ${left} of 10 recovery ${left === 1 ? 'code' : 'codes'} left.`,
  factorNone: 'None.',
  setUp: 'Set up',
  scan: 'Scan this with an authenticator app',
  orType: 'Or type this key into the app',
  confirm: 'Six digits that the app shows',
  confirmButton: 'Confirm',
  codes: 'Your recovery codes',
  codesDetail:
    'Each works once in the place of the six digits, for the day when the phone is gone. They are shown only now.',
  codesKept: 'I have kept these codes',
  remove: 'Remove',
  removeField: 'Six digits or a recovery code',
  required: 'The policy of your organisation wants one, so it cannot be removed.',
  print: 'Print',
  cancel: 'Cancel',
  close: 'Close',
} as const;
