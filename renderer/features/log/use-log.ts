import { useCallback, useEffect, useRef, useState } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { ParsedInput } from '../../../electron/shared/contract.ts';
import type { FoundRow } from '../../../electron/shared/log-data.ts';
import { useApp } from '../../app/app-context.ts';

const pageSize = 100;
const foundPageSize = 50;

export type LogFilter = Omit<ParsedInput<'log.list'>, 'before' | 'limit' | 'order'>;
export type LogOrder = ParsedInput<'log.list'>['order'];

export const everything: LogFilter = {
  userId: null,
  type: null,
  patientReference: null,
  outcome: null,
  model: null,
  from: null,
  to: null,
};
/** What is asked for: all of it at once, so that an answer always fits what the screen says. */
type Question = { readonly filter: LogFilter; readonly order: LogOrder; readonly query: string };

export type LogModel = {
  readonly rows: readonly FoundRow[];
  /** False until the first answer is there. */
  readonly isRead: boolean;
  readonly hasOlder: boolean;
  /** Entries since the list was read; it is not read anew by itself, because looking is an entry too. */
  readonly newer: number;
  readonly filter: LogFilter;
  readonly order: LogOrder;
  /** What was searched for; empty: nothing. */
  readonly query: string;
  /** False: the last word was searched for as it stands, since too many words begin with it. */
  readonly beginsWords: boolean;
  /** Of the records that this one continues: they stand in no list. */
  readonly earlierEntries: number;
  /** Models that occur in the record. */
  readonly models: readonly string[];
  readonly error: AppError | null;
  setFilter(change: Partial<LogFilter>): void;
  setOrder(order: LogOrder): void;
  search(query: string): void;
  /** The next page; nothing where one is on its way, or there is none. */
  older(): void;
  reload(): void;
};

export function useLog(): LogModel {
  const { vault, state } = useApp();
  const [question, setQuestion] = useState<Question>({
    filter: everything,
    order: { by: 'entry', reversed: false },
    query: '',
  });
  const [rows, setRows] = useState<readonly FoundRow[]>([]);
  const [models, setModels] = useState<readonly string[]>([]);
  const [hasOlder, setHasOlder] = useState(false);
  const [beginsWords, setBeginsWords] = useState(true);
  const [earlierEntries, setEarlierEntries] = useState(0);
  const [sizeRead, setSizeRead] = useState<number | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  /** What is on its way: a slow answer to an earlier question must not replace the rows of the present one. */
  const asked = useRef<Question | null>(null);

  const take = useCallback((last: FoundRow | null, answer: Awaited<ReturnType<typeof askVault>>) => {
    setError(answer.ok ? null : answer.error);
    if (!answer.ok) return;
    setRows((known) => (last === null ? answer.rows : [...known, ...answer.rows]));
    setHasOlder(answer.hasOlder);
    setBeginsWords(answer.beginsWords);
    if (answer.models !== null) setModels(answer.models);
    if (answer.earlierEntries !== null) setEarlierEntries(answer.earlierEntries);
    if (last === null) setSizeRead(answer.logSize);
  }, []);
  const read = async (last: FoundRow | null): Promise<void> => {
    const mine = { ...question };
    asked.current = mine;
    const answer = await askVault(vault, mine, last);
    if (asked.current !== mine) return;
    asked.current = null;
    take(last, answer);
  };
  useEffect(() => {
    asked.current = question;
    void askVault(vault, question, null).then((answer) => {
      if (asked.current !== question) return;
      asked.current = null;
      take(null, answer);
    });
  }, [vault, question, take]);

  return {
    rows,
    isRead: sizeRead !== null,
    hasOlder,
    newer: sizeRead === null || state.logSize === null ? 0 : Math.max(0, state.logSize - sizeRead),
    ...question,
    beginsWords,
    earlierEntries,
    models,
    error,
    setFilter: (change) => {
      setQuestion({ ...question, filter: { ...question.filter, ...change } });
    },
    setOrder: (order) => {
      setQuestion({ ...question, order });
    },
    search: (query) => {
      setQuestion({ ...question, query });
    },
    older: () => {
      if (hasOlder && asked.current === null) void read(rows.at(-1) ?? null);
    },
    reload: () => void read(null),
  };
}

async function askVault(
  vault: ReturnType<typeof useApp>['vault'],
  { filter, order, query }: Question,
  last: FoundRow | null,
) {
  const before = last?.row.entry ?? null;
  if (query !== '') {
    const found = await vault.request('log.search', {
      ...filter,
      query,
      order,
      before,
      limit: foundPageSize,
    });
    if (!found.ok) return found;
    return {
      ok: true as const,
      ...found.value,
      models: null,
      earlierEntries: null,
      hasOlder: found.value.rows.length === foundPageSize,
    };
  }
  const listed = await vault.request('log.list', { ...filter, order, before, limit: pageSize });
  if (!listed.ok) return listed;
  const { rows, logSize, models, earlierEntries } = listed.value;
  return {
    ok: true as const,
    rows: rows.map((row) => ({ row, place: null })),
    logSize,
    models,
    earlierEntries,
    beginsWords: true,
    hasOlder: rows.length === pageSize,
  };
}
