import type { LogEventType } from '../../electron/shared/log-event-types.ts';

export const logStrings = {
  title: 'Record',
  detailClinician: 'Everything you did, newest first. Nothing here can be changed.',
  detailAdministrator:
    'Everything that was done on this computer, newest first. Clinical text is not shown to IT.',
  user: 'User',
  everyone: 'Everyone',
  type: 'Type',
  everything: 'Everything',
  entry: 'Entry',
  time: 'Time',
  who: 'Who',
  what: 'What',
  patient: 'Patient',
  outcome: 'Outcome',
  older: 'Load older',
  newer: (count: number) => `${count} new ${count === 1 ? 'entry' : 'entries'}: show`,
  empty: 'No entry matches.',
  system: 'Cloister',
  open: (entry: number) => `Open entry ${entry}`,
  check: 'Check the record now',
  checking: 'Checking',
  consistent: (entries: number, ms: number) =>
    `The record is whole: all ${entries.toLocaleString('en')} entries match the signed checkpoint. Checked in ${(ms / 1000).toFixed(1)} s.`,
  inconsistent: (entry: number | null) =>
    `The record does not match its signed checkpoint${entry === null ? '' : `, first at entry ${entry}`}. Do not go on; call IT.`,
  exportTitle: 'Export signed bundle',
  exportDetail:
    'A file that an auditor can check without Cloister. Treat it as patient data even without clinical text: it holds times and patients.',
  withheld: 'Leave clinical text out',
  withheldDetail: 'The proof of every entry stays. This is enough to check the record.',
  included: 'Include clinical text',
  includedDetail: 'Requests and answers are readable to whoever holds the file.',
  choose: 'Choose where to save',
  exporting: (percent: number) => `Writing the bundle · ${percent} %`,
  exported: (fileName: string, entries: number) =>
    `${fileName} holds ${entries.toLocaleString('en')} entries.`,
  fingerprint: 'Fingerprint to compare by phone or on paper',
  close: 'Close',
  details: (entry: number) => `Entry ${entry}`,
  counterpart: (entry: number) => `Goes with entry ${entry}`,
  proven: (size: number) => `Proven: part of the record of ${size.toLocaleString('en')} entries`,
  notProven: 'Not proven to be part of the record. Call IT.',
  mismatch: 'This text does not match the record. Call IT.',
  withheldFor: {
    role: 'Not shown to your role.',
    disposed: 'Disposed of when its time was over. The proof stays.',
  },
  exact: 'Exact entry',
} as const;

export const eventNames: Record<LogEventType, string> = {
  'log.created': 'Record begun',
  'recovery.proven': 'Recovery key proven',
  'user.created': 'User added',
  'session.signed-in': 'Signed in',
  'session.signed-out': 'Signed out',
  'session.locked': 'Locked',
  'model.loaded': 'Model loaded',
  'model.refused': 'Model refused',
  'document.opened': 'Document opened',
  'prompt.submitted': 'Draft requested',
  'response.completed': 'Draft completed',
  'response.aborted': 'Draft stopped',
  'response.refused': 'Request refused',
  'response.failed': 'Draft failed',
  'clipboard.copied': 'Copied',
  'note.accepted': 'Note accepted',
  'log.viewed': 'Record viewed',
  'log.verified': 'Record checked',
  'log.exported': 'Bundle exported',
  'clock.jumped-back': 'Clock went back',
  'process.ended': 'Process ended',
  'network.blocked': 'Connection blocked',
};

/** A leaf's outcome in a reader's words. */
export const outcomeNames: Readonly<Record<string, string>> = {
  success: 'Done',
  stopped: 'Stopped',
  refused: 'Refused',
  failed: 'Failed',
  attention: 'Attention',
};

export const fieldNames: Readonly<Record<string, string>> = {
  organisationName: 'Organisation',
  displayName: 'Name',
  fileName: 'File name',
  content: 'Text of the file',
  system: 'Standing instructions',
  prompt: 'Request',
  response: 'Answer',
  copied: 'Copied text',
  diff: 'Changes from draft to final',
};
