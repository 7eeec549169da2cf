import type { SessionId } from '../../shared/ids.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import type { ObservedEvent } from '../journal/journal-event.ts';
import { openJournalSecrets } from '../journal/journal-secrets.ts';
import {
  createJournalSecrets,
  type Fold,
  type JournalSecrets,
  type SealedJournal,
} from '../journal/sealed-journal.ts';
import type { AuditLog, LeafDraft } from '../log/audit-log.ts';

/**
 * Brings what was seen while nobody was signed in into the log, before this sign-in's own leaf, and begins a new journal.
 * The new secrets are stored first, then the leaves and the count of what they account for in one transaction, then the
 * files are exchanged: killed anywhere, nothing is lost and nothing is told twice.
 */
export async function foldJournal(
  journal: SealedJournal,
  deps: { readonly database: WritableDatabase; readonly log: AuditLog; readonly session: SessionId },
): Promise<Result<void>> {
  const { database, log, session } = deps;
  const store = openJournalSecrets(database);
  const known = store.all();
  const current = journal.currentId();
  const running = known.find(({ journalId }) => journalId === current);
  if (running !== undefined || known.length > 0)
    await foldOne(running ?? null, known, { journal, log, session, setFolded: store.setFolded });

  const fresh = await createJournalSecrets();
  store.add(fresh);
  const replaced = await journal.replace(fresh);
  if (!replaced.ok) return replaced;
  for (const { journalId } of known) store.remove(journalId);
  return ok(undefined);
}

async function foldOne(
  running: JournalSecrets | null,
  known: readonly JournalSecrets[],
  deps: {
    readonly journal: SealedJournal;
    readonly log: AuditLog;
    readonly session: SessionId;
    readonly setFolded: (journalId: string, folded: number) => void;
  },
): Promise<void> {
  const secrets = running ?? known[0];
  if (secrets === undefined) return;
  const fold = await deps.journal.fold(secrets);
  if (fold.events.length === 0 && fold.dropped === 0 && fold.problem === null) return;
  deps.log.appendAll(draftsOf(fold, secrets.journalId, deps.session), () => {
    deps.setFolded(secrets.journalId, fold.folded);
  });
}

function draftsOf(fold: Fold, journal: string, session: SessionId): LeafDraft<LogEventType>[] {
  const common = { actor: { id: null, role: 'system' as const }, session, patient: null, texts: {} };
  return [
    ...fold.events.map((event) => ({ ...common, ...leafOf(event) })),
    {
      ...common,
      type: 'journal.folded',
      outcome: fold.problem === null ? 'success' : 'attention',
      data: { journal, events: fold.events.length, dropped: fold.dropped, problem: fold.problem },
    },
  ];
}

function leafOf({
  at,
  monotonicMs,
  bootId,
  event,
}: ObservedEvent): Pick<LeafDraft<LogEventType>, 'type' | 'outcome' | 'data'> {
  const observed = { at, monotonicMs, bootId };
  switch (event.type) {
    case 'sign-in.failed':
      return {
        type: 'session.sign-in-failed',
        outcome: 'refused',
        data: { user: event.user, reason: event.reason, observed },
      };
    case 'sign-in.locked-out':
      return { type: 'session.locked-out', outcome: 'attention', data: { user: event.user, observed } };
    case 'process.ended':
      return {
        type: 'process.ended',
        outcome: 'attention',
        data: { process: event.process, exitCode: event.exitCode, observed },
      };
    case 'network.blocked':
      return {
        type: 'network.blocked',
        outcome: 'attention',
        data: { process: event.process, api: event.api, observed },
      };
    case 'policy.problem':
      return { type: 'policy.problem', outcome: 'attention', data: { code: event.code, observed } };
    case 'keyring.refused':
      return { type: 'keyring.refused', outcome: 'attention', data: { code: event.code, observed } };
  }
}
