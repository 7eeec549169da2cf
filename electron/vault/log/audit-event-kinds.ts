import type { LogEventType } from '../../shared/log-event-types.ts';
import type { LeafOutcome } from '../../shared/log-data.ts';

/**
 * What each event of the log is as a FHIR R4 AuditEvent. Codes of `type` and `subtype` are DICOM's (PS3.16, CID 400 and
 * 401), which FHIR takes over; those of `role` and `outcome` are FHIR's object-role and audit-event-outcome.
 */
export type AuditEventKind = {
  readonly type: keyof typeof dicomTypes;
  readonly subtype: keyof typeof dicomSubtypes | null;
  /** Create, read, update, execute. */
  readonly action: 'C' | 'R' | 'U' | 'E';
  /** The pattern of IHE BALP that the agents and the entry follow; null where it has none for such an event. */
  readonly pattern: 'create' | 'read' | 'update' | null;
  /** The part of the entry's object: 3 report, 4 domain resource, 20 job (all that BALP allows), 13 security resource. */
  readonly role: '3' | '4' | '13' | '20';
  /** How the user took part, in BALP's words for the pattern: author, informant or recipient of information. */
  readonly user: 'AUT' | 'INF' | 'IRCP' | null;
  /** Where the outcome of the leaf means something else than it does for other events. */
  readonly outcome?: Partial<Record<LeafOutcome, '0' | '4' | '8'>>;
  readonly purpose?: 'BTG';
  /** The other end is the model and not the record. */
  readonly model?: true;
};

export const dicomTypes = {
  '110100': 'Application Activity',
  '110101': 'Audit Log Used',
  '110106': 'Export',
  '110107': 'Import',
  '110110': 'Patient Record',
  '110113': 'Security Alert',
  '110114': 'User Authentication',
} as const;

export const dicomSubtypes = {
  '110121': 'Application Stop',
  '110122': 'Login',
  '110123': 'Logout',
  '110127': 'Emergency Override Started',
  '110129': 'Security Configuration',
  '110131': 'Software Configuration',
  '110132': 'Use of Restricted Function',
  '110134': 'Audit Recording Started',
  '110137': 'User security Attributes Changed',
} as const;

/** An event that no pattern of BALP is about. */
const plain = (
  type: AuditEventKind['type'],
  subtype: AuditEventKind['subtype'],
  action: AuditEventKind['action'],
): AuditEventKind => ({ type, subtype, action, pattern: null, role: '13', user: null });

const account = (action: 'C' | 'U') => plain('110113', '110137', action);
const configuration = (action: 'C' | 'U' | 'E') => plain('110113', '110129', action);
/** Nothing was done: it tells of what went wrong. */
const trouble = { attention: '4' } as const;
const logRead: AuditEventKind = {
  ...plain('110101', null, 'R'),
  pattern: 'read',
  role: '4',
  user: 'IRCP',
};
const draft: AuditEventKind = {
  ...plain('110110', null, 'C'),
  pattern: 'create',
  role: '3',
  user: 'INF',
  model: true,
};

/** A new event without a line here is a type error. */
export const auditEventKinds: Readonly<Record<LogEventType, AuditEventKind>> = {
  'log.created': plain('110113', '110134', 'C'),
  'log.continued': plain('110113', '110134', 'C'),
  'log.key-rotated': configuration('U'),
  'recovery.proven': configuration('E'),
  'recovery.used': account('U'),
  'user.created': account('C'),
  'user.renamed': account('U'),
  'user.disabled': account('U'),
  'user.code-issued': account('U'),
  'user.passphrase-set': account('U'),
  'user.passphrase-forced': account('U'),
  'second-factor.enrolled': account('U'),
  'second-factor.removed': account('U'),
  'second-factor.code-used': plain('110114', '110122', 'E'),
  'attempts.cleared': account('U'),
  'session.signed-in': plain('110114', '110122', 'E'),
  'session.signed-out': plain('110114', '110123', 'E'),
  'session.locked': plain('110114', '110123', 'E'),
  'command.signed-in': plain('110114', '110122', 'E'),
  'command.signed-out': plain('110114', '110123', 'E'),
  // DICOM's own example of a minor failure.
  'session.sign-in-failed': { ...plain('110114', '110122', 'E'), outcome: { refused: '4' } },
  'session.locked-out': { ...account('U'), outcome: { attention: '8' } },
  'model.loaded': plain('110100', null, 'E'),
  'model.refused': plain('110113', '110131', 'E'),
  'document.opened': {
    ...plain('110107', null, 'C'),
    pattern: 'create',
    role: '3',
    user: 'INF',
  },
  'prompt.submitted': {
    ...plain('110110', null, 'C'),
    pattern: 'create',
    role: '20',
    user: 'AUT',
    model: true,
  },
  'response.completed': draft,
  'response.aborted': draft,
  'response.refused': draft,
  'response.failed': draft,
  'clipboard.copied': {
    ...plain('110106', null, 'R'),
    pattern: 'read',
    role: '3',
    user: 'IRCP',
  },
  'note.accepted': {
    ...plain('110110', null, 'U'),
    pattern: 'update',
    role: '3',
    user: 'AUT',
  },
  'record.break-glass': {
    ...plain('110113', '110127', 'R'),
    pattern: 'read',
    role: '4',
    user: 'IRCP',
    purpose: 'BTG',
  },
  'record.corrected': {
    ...plain('110110', null, 'C'),
    pattern: 'create',
    role: '3',
    user: 'AUT',
  },
  'document.printed': {
    ...plain('110106', null, 'R'),
    pattern: 'read',
    role: '3',
    user: 'IRCP',
  },
  'answer.reported': plain('110110', null, 'C'),
  'source.evaluated': {
    ...plain('110110', null, 'R'),
    pattern: 'read',
    role: '20',
    user: 'IRCP',
    model: true,
  },
  'source.evaluation-ended': {
    ...plain('110110', null, 'R'),
    pattern: 'read',
    role: '20',
    user: 'IRCP',
    model: true,
  },
  'answer.replayed': { ...plain('110110', null, 'E'), model: true },
  'model.imported': plain('110113', '110131', 'U'),
  'model.chosen': plain('110113', '110131', 'U'),
  'model.removed': plain('110113', '110131', 'U'),
  'disclosure.made': plain('110106', null, 'R'),
  'baa.changed': configuration('U'),
  'log.viewed': logRead,
  'log.searched': logRead,
  'record.reviewed': logRead,
  'log.verified': plain('110101', null, 'E'),
  'log.exported': plain('110106', null, 'R'),
  'retention.applied': plain('110113', '110129', 'E'),
  'backup.made': plain('110106', null, 'R'),
  'installation.decommissioned': configuration('E'),
  'log.spooled': plain('110106', null, 'R'),
  'log.spool-failed': { ...configuration('E'), outcome: trouble },
  'log.anchored': plain('110106', null, 'R'),
  'log.anchor-failed': { ...configuration('E'), outcome: trouble },
  'log.anchor-mismatch': { ...configuration('E'), outcome: { attention: '8' } },
  'organisation.enrolled': configuration('C'),
  'policy.applied': configuration('U'),
  'policy.problem': { ...configuration('E'), outcome: trouble },
  'keyring.refused': { ...configuration('E'), outcome: trouble },
  'key.rotated': configuration('U'),
  'journal.folded': plain('110101', null, 'E'),
  'clock.jumped-back': { ...configuration('E'), outcome: trouble },
  'process.ended': { ...plain('110100', '110121', 'E'), outcome: trouble },
  'network.blocked': { ...plain('110113', '110132', 'E'), outcome: { attention: '8' } },
};
