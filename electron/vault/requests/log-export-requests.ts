import { dirname } from 'node:path';
import { appError, type AppError } from '../../shared/app-error.ts';
import type { ParsedInput } from '../../shared/contract.ts';
import type { ExportSummary } from '../../shared/log-data.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { isInside, type FileGrants } from '../file-grants.ts';
import { checkRecipient, recipientHash } from '../keys/recovery-key.ts';
import type { LeafData } from '../log/leaf.ts';
import { startOfLocalDay } from '../log/log-index.ts';
import { rootOf } from '../log/merkle.ts';
import type { Selection } from '../log/selection.ts';
import type { OpenSession } from '../session/open-session.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import type { LogVisibility } from './log-visibility.ts';
import type { Handlers } from './request-table.ts';

/** Handing the record out: all of it, or the entries that were selected. */
export function logExportHandlers(deps: {
  readonly session: () => OpenSession;
  readonly visibility: LogVisibility;
  readonly tasks: BackgroundTasks;
  readonly grants: FileGrants;
}): Pick<Handlers, 'log.export' | 'log.cancelExport'> {
  const { session, visibility } = deps;
  const running = new Set<AbortController>();

  function selectionOf(asked: ParsedInput<'log.export'>['selection']): Result<Selection | null> {
    switch (asked.by) {
      case 'everything':
        return ok(null);
      case 'entries':
        return asked.from <= asked.to && asked.to < session().reader.size() ? ok(asked) : err(noSuchEntries);
      case 'days': {
        const from = startOfLocalDay(asked.from, 0);
        const to = startOfLocalDay(asked.to, 1);
        return someEntry({ by: 'time', from, to }, { from: asked.from, to: asked.to });
      }
      case 'user':
        return someEntry({ by: 'user', user: asked.userId }, { actor: asked.userId });
      case 'patient': {
        const found = visibility.patientOf(asked.patientReference);
        if (!found.ok) return found;
        if (found.value === null || found.value === 'any') return err(noSuchPatient);
        return ok({ by: 'patient', patient: found.value });
      }
    }
  }

  function someEntry(
    selection: Selection,
    filter: Partial<Parameters<OpenSession['query']['page']>[0]>,
  ): Result<Selection> {
    const found = session().query.page({ ...everything, ...filter }, firstOne);
    return found.length > 0 ? ok(selection) : err(nothingFits);
  }

  /** @returns where it may be written */
  function takePath(fileGrant: string, isEncrypted: boolean): Result<string> {
    const path = deps.grants.take(fileGrant, 'audit-bundle');
    if (path === null) return err(notChosen);
    if (isInside(dirname(session().databasePath), path)) return err(notThere);
    return path.endsWith('.age') === isEncrypted ? ok(path) : err(wrongEnding);
  }

  async function exportRecord(
    { clinicalText, selection: asked, recipients: typed, fileGrant }: ParsedInput<'log.export'>,
    signal: AbortSignal,
  ): Promise<Result<ExportSummary>> {
    if (clinicalText === 'included' && visibility.withholdsText()) {
      return err(session().actor.role === 'it-admin' ? itWithoutText : auditorWithoutText);
    }
    const recipients = await checkedRecipients(typed);
    if (!recipients.ok) return recipients;
    const refusal = deps.tasks.refusal();
    if (refusal !== null) return err(refusal);
    const selection = selectionOf(asked);
    if (!selection.ok) return selection;
    const path = takePath(fileGrant, recipients.value.length > 0);
    if (!path.ok) return path;
    const what = { clinicalText, selection: selection.value };
    const data = { ...treeNow(session()), ...what, recipients: recipients.value.map(recipientHash) };
    // The leaf comes first, so a bundle of the whole record holds that of its own export.
    const size = recordExport(session(), data, 'success') + 1;
    const exported = await deps.tasks.exportBundle(session(), {
      ...what,
      path: path.value,
      recipients: recipients.value,
      size,
      signal,
    });
    if (!exported.ok)
      recordExport(session(), data, exported.error.code === 'cancelled' ? 'stopped' : 'failed');
    return exported;
  }

  return {
    'log.cancelExport': () => {
      for (const stop of running) stop.abort();
      return ok({});
    },
    'log.export': async (asked) => {
      const stop = new AbortController();
      running.add(stop);
      try {
        return await exportRecord(asked, stop.signal);
      } finally {
        running.delete(stop);
      }
    },
  };
}

const everything = {
  scope: { kind: 'all' },
  actor: null,
  type: null,
  patient: null,
  outcome: null,
  model: null,
  from: null,
  to: null,
  words: [],
} as const;
const firstOne = { order: { by: 'entry', oldestFirst: true }, after: null, limit: 1 } as const;

function treeNow({ reader }: OpenSession) {
  const treeSize = reader.size();
  const root = rootOf(treeSize, (level, position) => reader.readNode(level, position));
  return { treeSize, root: Buffer.from(root).toString('hex') };
}

/** @returns the leaf's index */
function recordExport(
  { actor, log }: OpenSession,
  data: LeafData<'log.exported'>,
  outcome: 'success' | 'stopped' | 'failed',
): number {
  return log.append({
    type: 'log.exported',
    actor: { id: actor.userId, role: actor.role },
    session: actor.sessionId,
    // That a patient's records were handed out belongs to these records.
    patient: data.selection?.by === 'patient' ? data.selection.patient : null,
    outcome,
    data,
    texts: {},
  }).seq;
}

/** Each once; they are named by their place, never by what was typed. */
async function checkedRecipients(typed: readonly string[]): Promise<Result<readonly string[]>> {
  const recipients = new Set<string>();
  for (const [place, text] of typed.entries()) {
    const which = typed.length === 1 ? 'The recipient' : `Recipient ${place + 1}`;
    if (text.toUpperCase().startsWith('AGE-SECRET-KEY-')) return err(secretKey(which));
    const checked = await checkRecipient(text);
    if (!checked.ok) return err(noRecipient(which));
    recipients.add(checked.value);
  }
  return ok([...recipients]);
}

const secretKey = (which: string): AppError =>
  appError(
    'invalid-input',
    `${which} is a secret key, which opens bundles and must stay with whoever reads them. Nothing was written. Use the public key that belongs to it: it begins with age1.`,
  );
const noRecipient = (which: string): AppError =>
  appError(
    'invalid-input',
    `${which} is not a public key of age: one begins with age1 and has 62 characters. Nothing was written. Copy it again.`,
  );
const failure = (message: string): AppError => appError('export-failed', message);
const notChosen = failure('The file was not chosen in this session. Nothing was written. Choose it again.');
const notThere = failure(
  'A bundle cannot be saved among the files of Cloister itself. Nothing was written. Choose another folder.',
);
const wrongEnding = failure(
  'The name of an encrypted bundle ends in .age, and no other does. Nothing was written. Choose a name that says what the file is.',
);
const itWithoutText = appError(
  'not-allowed',
  'IT exports without clinical text: every entry can still be proven. Nothing was written. An auditor whom the policy lets read clinical text exports with it.',
);
const auditorWithoutText = appError(
  'not-allowed',
  'The policy of this organisation gives auditors no clinical text. Nothing was written. Export without the text: every entry can still be proven.',
);
const noSuchEntries = appError(
  'invalid-input',
  'The record has no such range of entries. Nothing was written. Give the number of the first entry and that of the last.',
);
const nothingFits = appError(
  'record-not-found',
  'No entry of the record fits what was selected. Nothing was written. Select something else.',
);
const noSuchPatient = appError(
  'record-not-found',
  'Nobody has recorded anything about a patient with this reference on this computer. Nothing was written. Check the reference.',
);
