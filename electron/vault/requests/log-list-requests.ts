import { appError } from '../../shared/app-error.ts';
import type { ParsedInput } from '../../shared/contract.ts';
import type { Entry, PatientId, UserId } from '../../shared/ids.ts';
import { userIdSchema } from '../../shared/ids.ts';
import { leafOutcomeSchema, type FoundRow } from '../../shared/log-data.ts';
import { logEventTypeSchema } from '../../shared/log-event-types.ts';
import { err, ok } from '../../shared/result.ts';
import { earlierRecords } from '../log/earlier-records.ts';
import { isSearched } from '../log/log-index.ts';
import type { LogFilter, Order, Scope } from '../log/log-query.ts';
import { searchWords, snippetOf } from '../log/search-words.ts';
import type { OpenSession } from '../session/open-session.ts';
import { noPatientsForIt, type LogVisibility } from './log-visibility.ts';
import type { Handlers } from './request-table.ts';

type Asked = Omit<ParsedInput<'log.list'>, 'order'>;

/** Looking through the record. What somebody may not see is left out before anything is counted, ordered or cut off. */
export function logListHandlers(deps: {
  readonly session: () => OpenSession;
  readonly nameOf: (userId: UserId) => string | null;
  readonly visibility: LogVisibility;
  readonly recordView: (entry: Entry | null, patient: PatientId | null) => void;
}): Pick<Handlers, 'log.list' | 'log.search'> {
  const { session, visibility } = deps;
  const looks = new Set<string>();

  /** A look is an event once for each filter and session: paging and refreshing are not new looks. */
  function isNewLook(kind: string, filter: LogFilter): boolean {
    const look = JSON.stringify([kind, filter]);
    if (looks.has(look)) return false;
    looks.add(look);
    return true;
  }

  function orderOf({ by, reversed }: ParsedInput<'log.list'>['order']): Order {
    if (by === 'entry') return { by, oldestFirst: reversed };
    const turned = <T>(groups: readonly T[]): readonly T[] => (reversed ? groups.toReversed() : groups);
    if (by === 'patient') return { by, groups: turned([...session().query.patients(), null]) };
    if (by === 'type') return { by, groups: turned(logEventTypeSchema.options) };
    if (by === 'outcome') return { by, groups: turned(leafOutcomeSchema.options) };
    const name = (id: string): string => deps.nameOf(userIdSchema.parse(id)) ?? id;
    const people = session().query.values('actor');
    return {
      by: 'actor',
      groups: turned([...people.toSorted((a, b) => name(a).localeCompare(name(b))), null]),
    };
  }

  const earlierEntries = (): number =>
    earlierRecords(session().database).reduce((sum, { size }) => sum + size, 0);

  return {
    'log.list'({ order, ...asked }) {
      const { query, reader } = session();
      const found = visibility.patientOf(asked.patientReference);
      if (!found.ok) return found;
      if (order.by === 'patient' && !visibility.seesPatients()) return err(noPatientsForIt);
      const none = { rows: [], logSize: reader.size(), models: [], earlierEntries: earlierEntries() };
      if (found.value === null) return ok(none);
      const patient = found.value === 'any' ? null : found.value;
      const filter = filterOf(asked, patient, visibility.listScope(patient), []);
      if (isNewLook('list', filter)) deps.recordView(null, patient);
      const rows = query.page(filter, { order: orderOf(order), after: asked.before, limit: asked.limit });
      return ok({
        ...none,
        rows: rows.map(visibility.toRow),
        // The look itself is an entry.
        logSize: reader.size(),
        models: [...query.values('model')],
      });
    },
    'log.search'({ query: typed, order, ...asked }) {
      const { query, reader } = session();
      if (visibility.withholdsText()) return err(withoutText);
      const words = searchWords(typed);
      if (words.length === 0) return err(noWords);
      const found = visibility.patientOf(asked.patientReference);
      if (!found.ok) return found;
      const patient = found.value === 'any' ? null : found.value;
      const filter = filterOf(asked, patient, visibility.searchScope(), words);
      const beginsWords = query.beginsWords(words.at(-1) ?? '');
      const rows =
        found.value === null
          ? []
          : query.page(filter, {
              order: orderOf(order),
              after: asked.before,
              limit: asked.limit,
            });
      const isNew = isNewLook(typed, filter);
      // Recorded before anything of it is shown.
      if (asked.before === null || isNew) recordSearch(session(), typed, patient, rows.length);
      return ok({
        rows: rows.map((row): FoundRow => ({
          row: visibility.toRow(row),
          place: placeOf(session(), row.seq, words, beginsWords),
        })),
        logSize: reader.size(),
        beginsWords,
      });
    },
  };
}

function filterOf(
  { userId, type, outcome, model, from, to }: Asked,
  patient: PatientId | null,
  scope: Scope,
  words: readonly string[],
): LogFilter {
  return { scope, actor: userId, type, patient, outcome, model, from, to, words };
}

function recordSearch(open: OpenSession, query: string, patient: PatientId | null, results: number): void {
  const { actor, log } = open;
  log.append({
    type: 'log.searched',
    actor: { id: actor.userId, role: actor.role },
    session: actor.sessionId,
    patient,
    outcome: 'success',
    data: { results },
    texts: { query },
  });
}

function placeOf(
  { reader }: OpenSession,
  seq: number,
  words: readonly string[],
  beginsWords: boolean,
): FoundRow['place'] {
  for (const { field, text } of reader.payloadsOf(seq)) {
    const snippet = isSearched(field) ? snippetOf(text, words, beginsWords) : null;
    if (snippet !== null) return { field, ...snippet };
  }
  return null;
}

const withoutText = appError(
  'not-allowed',
  'The policy of this organisation gives auditors no clinical text, so it cannot be searched. Nothing was searched. The filters still work.',
);
const noWords = appError('invalid-input', 'There is no word to search for. Type at least one.');
