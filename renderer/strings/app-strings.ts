export const appStrings = {
  developmentBanner: 'Development build: made-up patients only (references begin with SYN-)',
  starting: 'Cloister is starting',
  restarting: 'Cloister is restarting its record keeper',
  restartingDetail: 'Everything shown so far was recorded. This takes a moment.',
  broken: 'Cloister cannot open its record',
  brokenDetail: 'You can close this window. Nothing is lost by closing it.',
  onThisComputer: 'On this computer',
  onThisComputerDetail: 'Words go to the model on this computer and nowhere else',
  recorded: (entries: number) =>
    `Recorded · ${entries.toLocaleString('en')} ${entries === 1 ? 'entry' : 'entries'}`,
  modelReady: 'Model ready',
  modelStep: {
    checking: 'Checking the model',
    measuring: 'Tuning for this computer',
    loading: 'Loading the model',
  },
  modelFailed: 'No model',
  places: 'Places',
  place: {
    workspace: 'Workspace',
    record: 'Record',
    accounts: 'Accounts',
    models: 'Models',
    policy: 'Policy',
  },
  ownAccount: 'Your account',
  dismiss: 'I have read this',
  lock: 'Lock',
  signOut: 'Sign out',
  theme: { system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' },
} as const;

export const suspicionStrings = {
  title: { rollback: 'This record was set back', fork: 'This record was changed from outside' },
  finding: {
    rollback: (anchorSize: number, treeSize: number) =>
      `A checkpoint that left this computer earlier covers ${anchorSize.toLocaleString('en')} entries. Here there are only ${treeSize.toLocaleString('en')}: the later ones are gone, and nothing in Cloister can take entries away.`,
    fork: (anchorSize: number, treeSize: number) =>
      `A checkpoint that left this computer earlier covers ${anchorSize.toLocaleString('en')} entries. The first ${Math.min(anchorSize, treeSize).toLocaleString('en')} entries here are other ones than those: the record was written anew, or set back, and has gone on since.`,
  },
  clinician: 'Do not go on here. Work on another computer, and call IT now.',
  it: 'IT: was a backup or an older disk image put back? If so, the entries since then are missing here. If not, somebody who holds the keys has done this.',
  steps: [
    'Leave the computer as it is; copy the whole data folder before anything else.',
    'Keep the checkpoints in the folder, and the last audit bundle, in a place that nobody can write to.',
    'Export a bundle here and check it against the last one: the verifier names the difference.',
    'Restore the newest backup, or set up a new record. This finding is recorded.',
  ],
  examine: 'Examine the record',
  signOut: 'Sign out',
} as const;
