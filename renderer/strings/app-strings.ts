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
  record: 'Record',
  workspace: 'Workspace',
  lock: 'Lock',
  signOut: 'Sign out',
  theme: { system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' },
} as const;
