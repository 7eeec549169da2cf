import { dirname } from 'node:path';
import { appError } from '../../shared/app-error.ts';
import type { LogRecord, LogRow } from '../../shared/log-data.ts';
import {
  entrySchema,
  patientIdSchema,
  userIdSchema,
  type Entry,
  type PatientId,
  type UserId,
} from '../../shared/ids.ts';
import { logEventTypeSchema } from '../../shared/log-event-types.ts';
import { err, ok } from '../../shared/result.ts';
import type { Role } from '../../shared/roles.ts';
import { commitText } from '../log/commitment.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from '../log/leaf.ts';
import type { IndexRow, Payload } from '../log/log-reader.ts';
import { hashLeaf, inclusionProof, rootOf, verifyInclusion } from '../log/merkle.ts';
import type { OpenSession } from '../session/open-session.ts';
import { findPatient } from '../turns/patients.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import { isInside, type FileGrants } from '../file-grants.ts';
import type { Handlers } from './request-table.ts';

export type LogDeps = {
  readonly session: () => OpenSession;
  /** Display name of a user id, from the keyring. */
  readonly nameOf: (userId: UserId) => string | null;
  readonly tasks: BackgroundTasks;
  readonly grants: FileGrants;
  readonly recordVisibility: () => 'own' | 'team';
  readonly auditorReadsText: () => boolean;
};

/**
 * A clinician examines the own records, the team's where the policy says so, and another's in an emergency; an auditor
 * examines all leaves, and texts where the policy says so; IT examines all leaves but reads no clinical text.
 */
export function logHandlers(
  deps: LogDeps,
): Pick<Handlers, 'log.list' | 'log.open' | 'log.breakGlass' | 'log.verify' | 'log.export'> {
  const { session } = deps;
  const listed = new Set<string>();
  /** Patients whose records this person opened in an emergency; until the session ends. */
  const broken = new Set<PatientId>();

  function toRow(row: IndexRow): LogRow {
    const actorId = row.actor === null ? null : userIdSchema.parse(row.actor);
    return {
      entry: entrySchema.parse(row.seq),
      type: logEventTypeSchema.parse(row.type),
      at: row.at,
      actorId,
      actorName: actorId === null ? null : deps.nameOf(actorId),
      patientReference: seesPatients(session().actor.role) ? row.patientReference : null,
      outcome: row.outcome,
    };
  }

  const seesTeam = (): boolean => deps.recordVisibility() === 'team';

  function recordView(entry: Entry | null, patient: PatientId | null): void {
    const { log, actor } = session();
    log.append({
      type: 'log.viewed',
      actor: { id: actor.userId, role: actor.role },
      session: actor.sessionId,
      patient,
      outcome: 'success',
      data: { entry },
      texts: {},
    });
  }

  return {
    'log.list': (filter) => {
      const { actor, reader } = session();
      if (filter.patientReference !== null && !seesPatients(actor.role)) return err(noPatientsForIt);
      const patient =
        filter.patientReference === null ? null : findPatient(session().database, filter.patientReference);
      if (filter.patientReference !== null && patient === null)
        return ok({ rows: [], logSize: reader.size() });
      const onlyOwn = actor.role === 'clinician' && !seesTeam() && (patient === null || !broken.has(patient));
      const onlyActor = onlyOwn ? actor.userId : filter.userId;
      // Looking at the list is an event once for each filter and session: paging and refreshing it are not new looks.
      const look = `${onlyActor ?? ''}|${filter.type ?? ''}|${patient ?? ''}`;
      if (!listed.has(look)) {
        recordView(null, patient);
        listed.add(look);
      }
      const rows = reader.page({
        before: filter.before,
        limit: filter.limit,
        actor: onlyActor,
        type: filter.type,
        patient,
        // A clinician sees what clinicians did with patients, never IT's and the system's doings.
        onlyAboutPatients: actor.role === 'clinician' && onlyActor === null,
      });
      return ok({ rows: rows.map(toRow), logSize: reader.size() });
    },
    'log.open': ({ entry }) => {
      const { actor, reader } = session();
      const notFound = err(
        appError('record-not-found', 'There is no such entry in the record that you may open.'),
      );
      const bytes = reader.leaf(entry);
      const [row] = reader.page({
        before: entrySchema.parse(entry + 1),
        limit: 1,
        actor: null,
        type: null,
        patient: null,
        onlyAboutPatients: false,
      });
      if (bytes === null || row?.seq !== entry) return notFound;
      const patient = row.patient === null ? null : patientIdSchema.parse(row.patient);
      if (actor.role === 'clinician' && row.actor !== actor.userId) {
        // To right and left of the glass the answer is the same: nobody learns here what there is.
        if (patient === null || (!seesTeam() && !broken.has(patient))) return notFound;
      }
      recordView(entry, patient);
      const textWithheld =
        actor.role === 'it-admin' || (actor.role === 'auditor' && !deps.auditorReadsText());
      return ok(toRecord(session(), toRow(row), entry, bytes, textWithheld));
    },
    'log.breakGlass': ({ patientReference, reason }) => {
      const { actor, reader, log, database } = session();
      const patient = findPatient(database, patientReference);
      const entries = patient === null ? 0 : reader.entriesAbout(patient);
      const receipt = log.append({
        type: 'record.break-glass',
        actor: { id: actor.userId, role: actor.role },
        session: actor.sessionId,
        patient,
        outcome: 'attention',
        data: { entries },
        texts: { reason },
      });
      if (patient === null) return err(noSuchPatient);
      broken.add(patient);
      return ok({ entry: receipt.seq, entries });
    },
    'log.verify': async () => {
      const checked = await deps.tasks.verify(session());
      if (!checked.ok) return checked;
      const { log, actor } = session();
      const { treeSize, rootHash, consistent, firstBadEntry } = checked.value;
      log.append({
        type: 'log.verified',
        actor: { id: actor.userId, role: actor.role },
        session: actor.sessionId,
        patient: null,
        outcome: consistent ? 'success' : 'attention',
        data: { treeSize, root: rootHash, consistent, firstBadEntry },
        texts: {},
      });
      return checked;
    },
    'log.export': async ({ clinicalText, fileGrant }) => {
      if (session().actor.role === 'auditor' && clinicalText === 'included' && !deps.auditorReadsText())
        return err(auditorWithoutText);
      const path = deps.grants.take(fileGrant, 'audit-bundle');
      if (path === null)
        return err(
          appError(
            'export-failed',
            'The file was not chosen in this session. Nothing was written. Choose it again.',
          ),
        );
      if (isInside(dirname(session().databasePath), path)) return err(notThere);
      const { log, actor, reader } = session();
      const size = reader.size();
      const root = Buffer.from(rootOf(size, (level, position) => reader.readNode(level, position))).toString(
        'hex',
      );
      // The leaf comes first, so the bundle holds the record of its own export.
      const receipt = log.append({
        type: 'log.exported',
        actor: { id: actor.userId, role: actor.role },
        session: actor.sessionId,
        patient: null,
        outcome: 'success',
        data: { treeSize: size, root, clinicalText },
        texts: {},
      });
      return deps.tasks.exportBundle(session(), { path, clinicalText, size: receipt.seq + 1 });
    },
  };
}

const clinicalFields: ReadonlySet<string> = new Set([
  'fileName',
  'content',
  'system',
  'prompt',
  'response',
  'copied',
  'diff',
  'reason',
]);

function seesPatients(role: Role): boolean {
  return role !== 'it-admin';
}

const notThere = appError(
  'export-failed',
  'A bundle cannot be saved among the files of Cloister itself. Nothing was written. Choose another folder.',
);
const noPatientsForIt = appError(
  'not-allowed',
  'IT is not told which patients there are. Nothing was looked up.',
);
const noSuchPatient = appError(
  'record-not-found',
  'Nobody has recorded anything about a patient with this reference on this computer. That you looked, and why, is recorded. Check the reference.',
);
const auditorWithoutText = appError(
  'not-allowed',
  'The policy of this organisation gives auditors no clinical text. Nothing was written. Export without the text: every entry can still be proven.',
);

function toRecord(
  session: OpenSession,
  row: LogRow,
  entry: Entry,
  bytes: Buffer,
  textWithheld: boolean,
): LogRecord {
  const { reader } = session;
  const leaf: LeafEnvelope = leafEnvelopeSchema.parse(JSON.parse(bytes.toString('utf8')));
  const treeSize = reader.size();
  const read = (level: number, position: number): Buffer | null => reader.readNode(level, position);
  const root = rootOf(treeSize, read);
  const leafHash = hashLeaf(bytes);
  const counterpart = reader.counterpart(entry);
  const stored = new Map(reader.payloadsOf(entry).map((payload) => [payload.field, payload]));
  return {
    row,
    leafJson: bytes.toString('utf8'),
    leafHash: Buffer.from(leafHash).toString('hex'),
    counterpart: counterpart === null ? null : entrySchema.parse(counterpart),
    payloads: Object.entries(leaf.texts).map(([field, commitment]) =>
      toPayload(field, commitment, stored.get(field), textWithheld && clinicalFields.has(field)),
    ),
    inclusion: {
      treeSize,
      rootHash: Buffer.from(root).toString('hex'),
      proven: verifyInclusion({
        index: entry,
        size: treeSize,
        leafHash,
        proof: inclusionProof(entry, treeSize, read),
        rootHash: root,
      }),
    },
  };
}

function toPayload(
  field: string,
  commitment: string,
  payload: Payload | undefined,
  withheld: boolean,
): LogRecord['payloads'][number] {
  if (payload === undefined) return { field, text: null, withheld: 'disposed', matchesCommitment: false };
  const matchesCommitment = commitText(payload.text, payload.salt) === commitment;
  return {
    field,
    text: withheld ? null : payload.text,
    withheld: withheld ? 'role' : null,
    matchesCommitment,
  };
}
