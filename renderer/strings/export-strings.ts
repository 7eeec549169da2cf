import type { ExportSummary } from '../../electron/shared/log-data.ts';

export const exportStrings = {
  title: 'Export signed bundle',
  detail:
    'A file that an auditor can check without Cloister. Treat it as patient data even without clinical text: it holds times and patients.',
  what: 'What to export',
  ways: {
    everything: 'The whole record',
    days: 'The entries of some days',
    entries: 'A range of entries',
    patient: 'The entries about one patient',
    user: 'The entries of one person',
  },
  extractDetail:
    'An extract proves that each of its entries is in the record. It does not prove that it lists all of them.',
  from: 'From',
  to: 'To',
  firstEntry: 'First entry',
  lastEntry: 'Last entry',
  patient: 'Patient reference',
  patientHint: 'Nothing about any other patient goes into the file.',
  user: 'Person',
  chooseUser: 'Choose a person',
  clinicalText: 'Clinical text',
  withoutText: 'Clinical text stays out; the proof of every entry is in. This is enough to check the record.',
  withheld: 'Leave clinical text out',
  included: 'Include clinical text',
  details: {
    withheld: 'The proof of every entry stays. This is enough to check the record.',
    included: 'Requests and answers are readable to whoever can open the file.',
  },
  recipients: 'Encrypt for',
  recipientsHint:
    'Public keys (age) of those who may open the file, one a line. Left empty, whoever gets the file can open it.',
  choose: 'Choose where to save',
  writing: 'Writing the bundle',
  stopping: 'Stopping',
  percent: (percent: number) => `${percent} %`,
  stop: 'Stop the export',
  exported: ({ fileName, records, treeSize }: ExportSummary) =>
    records === treeSize
      ? `${fileName} holds ${entries(records)}, the whole record.`
      : `${fileName} holds ${entries(records)} of ${treeSize.toLocaleString('en')}.`,
  encrypted: 'Only the holders of the keys that you gave can open it.',
  fingerprint: 'Fingerprint to compare by phone or on paper',
  close: 'Close',
} as const;

function entries(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'entry' : 'entries'}`;
}
