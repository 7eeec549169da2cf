import { appError } from '../../shared/app-error.ts';
import type { Flavour } from '../../shared/flavour.ts';
import type { LogRecord, LogRow } from '../../shared/log-data.ts';
import { entrySchema, patientIdSchema, type Entry, type PatientId } from '../../shared/ids.ts';
import { err, ok } from '../../shared/result.ts';
import { commitText } from '../log/commitment.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from '../log/leaf.ts';
import type { Payload } from '../log/log-reader.ts';
import { hashLeaf, inclusionProof, rootOf, verifyInclusion, whereStored } from '../log/merkle.ts';
import type { OpenSession } from '../session/open-session.ts';
import { recordEvent } from '../session/record-event.ts';
import { findPatient } from '../turns/patients.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import type { FileGrants } from '../file-grants.ts';
import { correctionHandlers, correctionsOf, type CorrectionLinks } from './correction-requests.ts';
import { logExportHandlers } from './log-export-requests.ts';
import { logListHandlers } from './log-list-requests.ts';
import { logReviewHandlers, type ReviewDeps } from './log-review-requests.ts';
import { createLogVisibility, type VisibilityDeps } from './log-visibility.ts';
import { replayHandlers, type ReplayDeps } from './replay-requests.ts';
import type { Handlers } from './request-table.ts';

export type LogDeps = VisibilityDeps &
  ReplayDeps &
  ReviewDeps & {
    readonly flavour: Flavour;
    readonly tasks: BackgroundTasks;
    readonly grants: FileGrants;
  };
type Own = Pick<
  Handlers,
  | 'log.list'
  | 'log.search'
  | 'log.open'
  | 'log.breakGlass'
  | 'log.review'
  | 'record.correct'
  | 'answer.replay'
  | 'retention.get'
  | 'retention.confirm'
  | 'log.digest'
  | 'log.activity'
  | 'log.anchor'
  | 'log.verify'
  | 'log.export'
  | 'log.cancelExport'
>;

export function logHandlers(deps: LogDeps): Own {
  const { session } = deps;
  const visibility = createLogVisibility(deps);

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
    ...logListHandlers({ session, nameOf: deps.nameOf, visibility, recordView }),
    ...logReviewHandlers(deps),
    ...correctionHandlers({ session, visibility, flavour: deps.flavour }),
    ...logExportHandlers({ ...deps, visibility }),
    ...replayHandlers(deps, visibility),
    'log.open': ({ entry }) => {
      const { query, reader } = session();
      const bytes = reader.leaf(entry);
      const row = query.row(entry);
      // To right and left of the glass the answer is the same: nobody learns here what there is.
      if (bytes === null || row === null || !visibility.maySee(row)) return err(notFound);
      recordView(entry, row.patient === null ? null : patientIdSchema.parse(row.patient));
      const record = toRecord(session(), visibility.toRow(row), entry, bytes, visibility.withholdsText());
      return ok({ ...record, ...correctionsOf(session(), row) });
    },
    'log.breakGlass': ({ patientReference, reason }) => {
      const { actor, query, log, database } = session();
      const patient = findPatient(database, patientReference);
      const entries = patient === null ? 0 : query.entriesAbout(patient);
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
      visibility.breakGlass(patient);
      return ok({ entry: receipt.seq, entries });
    },
    'log.verify': async () => {
      const refusal = deps.tasks.refusal();
      if (refusal !== null) return err(refusal);
      const checked = await deps.tasks.verify(session());
      if (!checked.ok) return checked;
      const { treeSize, rootHash, consistent, firstBadEntry } = checked.value;
      recordEvent(session(), {
        type: 'log.verified',
        outcome: consistent ? 'success' : 'attention',
        data: { treeSize, root: rootHash, consistent, firstBadEntry },
      });
      return checked;
    },
  };
}

/** All that IT reads; whatever is not named here may be about a patient. */
const administrativeFields: ReadonlySet<string> = new Set([
  'organisationName',
  'displayName',
  'policy',
  'note',
  'recipientName',
  'recipientAddress',
  'counterparty',
]);

const notFound = appError('record-not-found', 'There is no such entry in the record that you may open.');
const noSuchPatient = appError(
  'record-not-found',
  'Nobody has recorded anything about a patient with this reference on this computer. That you looked, and why, is recorded. Check the reference.',
);
function toRecord(
  session: OpenSession,
  row: LogRow,
  entry: Entry,
  bytes: Buffer,
  textWithheld: boolean,
): Omit<LogRecord, keyof CorrectionLinks> {
  const { reader } = session;
  const leaf: LeafEnvelope = leafEnvelopeSchema.parse(JSON.parse(bytes.toString('utf8')));
  const treeSize = reader.size();
  const read = (level: number, position: number): Buffer | null => reader.readNode(level, position);
  const root = whereStored(() => rootOf(treeSize, read));
  const proof = whereStored(() => inclusionProof(entry, treeSize, read));
  const leafHash = hashLeaf(bytes);
  const counterpart = reader.counterpart(entry);
  const stored = new Map(reader.payloadsOf(entry).map((payload) => [payload.field, payload]));
  return {
    row,
    leafJson: bytes.toString('utf8'),
    leafHash: Buffer.from(leafHash).toString('hex'),
    counterpart: counterpart === null ? null : entrySchema.parse(counterpart),
    payloads: Object.entries(leaf.texts).map(([field, commitment]) =>
      toPayload(field, commitment, stored.get(field), textWithheld && !administrativeFields.has(field)),
    ),
    inclusion: {
      treeSize,
      rootHash: Buffer.from(root ?? []).toString('hex'),
      proven:
        root !== null &&
        proof !== null &&
        verifyInclusion({ index: entry, size: treeSize, leafHash, proof, rootHash: root }),
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
