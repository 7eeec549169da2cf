import { appError } from '../../shared/app-error.ts';
import type { LogRecord, LogRow } from '../../shared/log-data.ts';
import { entrySchema, userIdSchema, type Entry, type UserId } from '../../shared/ids.ts';
import { logEventTypeSchema } from '../../shared/log-event-types.ts';
import { err, ok } from '../../shared/result.ts';
import { commitText } from '../log/commitment.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from '../log/leaf.ts';
import type { IndexRow, Payload } from '../log/log-reader.ts';
import { hashLeaf, inclusionProof, rootOf, verifyInclusion } from '../log/merkle.ts';
import type { OpenSession } from '../session/open-session.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import type { FileGrants } from '../file-grants.ts';
import type { Handlers } from './request-table.ts';

type Deps = {
  readonly session: () => OpenSession;
  /** Display name of a user id, from the keyring. */
  readonly nameOf: (userId: UserId) => string | null;
  readonly tasks: BackgroundTasks;
  readonly grants: FileGrants;
};

/** A clinician examines the own records; IT examines all leaves but reads no clinical text. */
export function logHandlers(
  deps: Deps,
): Pick<Handlers, 'log.list' | 'log.open' | 'log.verify' | 'log.export'> {
  const { session } = deps;
  const listed = new Set<string>();

  function toRow(row: IndexRow): LogRow {
    const actorId = row.actor === null ? null : userIdSchema.parse(row.actor);
    return {
      entry: entrySchema.parse(row.seq),
      type: logEventTypeSchema.parse(row.type),
      at: row.at,
      actorId,
      actorName: actorId === null ? null : deps.nameOf(actorId),
      patientReference: session().actor.role === 'clinician' ? row.patientReference : null,
      outcome: row.outcome,
    };
  }

  function recordView(entry: Entry | null): void {
    const { log, actor } = session();
    log.append({
      type: 'log.viewed',
      actor: { id: actor.userId, role: actor.role },
      session: actor.sessionId,
      patient: null,
      outcome: 'success',
      data: { entry },
      texts: {},
    });
  }

  return {
    'log.list': (filter) => {
      const { actor, reader } = session();
      const onlyActor = actor.role === 'clinician' ? actor.userId : filter.userId;
      // Looking at the list is an event once for each filter and session: paging and refreshing it are not new looks.
      const look = `${onlyActor ?? ''}|${filter.type ?? ''}`;
      if (!listed.has(look)) {
        recordView(null);
        listed.add(look);
      }
      const rows = reader.page({
        before: filter.before,
        limit: filter.limit,
        actor: onlyActor,
        type: filter.type,
      });
      return ok({ rows: rows.map(toRow), logSize: reader.size() });
    },
    'log.open': ({ entry }) => {
      const { actor, reader } = session();
      const notFound = err(
        appError('record-not-found', 'There is no such entry in the record that you may open.'),
      );
      const bytes = reader.leaf(entry);
      const [row] = reader.page({ before: entrySchema.parse(entry + 1), limit: 1, actor: null, type: null });
      if (bytes === null || row?.seq !== entry) return notFound;
      if (actor.role === 'clinician' && row.actor !== actor.userId) return notFound;
      recordView(entry);
      return ok(toRecord(session(), toRow(row), entry, bytes));
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
      const path = deps.grants.take(fileGrant, 'audit-bundle');
      if (path === null)
        return err(
          appError(
            'export-failed',
            'The file was not chosen in this session. Nothing was written. Choose it again.',
          ),
        );
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
]);

function toRecord(session: OpenSession, row: LogRow, entry: Entry, bytes: Buffer): LogRecord {
  const { reader, actor } = session;
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
      toPayload(field, commitment, stored.get(field), actor.role === 'it-admin' && clinicalFields.has(field)),
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
