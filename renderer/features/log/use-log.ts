import { useCallback, useEffect, useState } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { LogRow } from '../../../electron/shared/log-data.ts';
import type { UserId } from '../../../electron/shared/ids.ts';
import type { LogEventType } from '../../../electron/shared/log-event-types.ts';
import { useApp } from '../../app/app-context.ts';

const pageSize = 50;
export type LogFilter = {
  readonly userId: UserId | null;
  readonly type: LogEventType | null;
  /** As typed; the empty text is every patient. */
  readonly patientReference: string | null;
};

export type LogModel = {
  readonly rows: readonly LogRow[];
  readonly hasOlder: boolean;
  /** Entries since the list was read; it is not read anew by itself, because looking is an entry too. */
  readonly newer: number;
  readonly filter: LogFilter;
  readonly error: AppError | null;
  setFilter(filter: LogFilter): void;
  older(): Promise<void>;
  reload(): Promise<void>;
};

export function useLog(): LogModel {
  const { vault, state } = useApp();
  const [filter, setFilter] = useState<LogFilter>({
    userId: null,
    type: null,
    patientReference: null,
  });
  const [rows, setRows] = useState<readonly LogRow[]>([]);
  const [hasOlder, setHasOlder] = useState(false);
  const [sizeRead, setSizeRead] = useState<number | null>(null);
  const [error, setError] = useState<AppError | null>(null);

  const ask = useCallback(
    (before: LogRow | null) =>
      vault.request('log.list', { before: before?.entry ?? null, limit: pageSize, ...filter }),
    [vault, filter],
  );
  const take = useCallback((before: LogRow | null, result: Awaited<ReturnType<typeof ask>>) => {
    setError(result.ok ? null : result.error);
    if (!result.ok) return;
    setRows((known) => (before === null ? result.value.rows : [...known, ...result.value.rows]));
    setHasOlder(result.value.rows.length === pageSize);
    if (before === null) setSizeRead(result.value.logSize);
  }, []);
  const read = async (before: LogRow | null): Promise<void> => {
    take(before, await ask(before));
  };

  useEffect(() => {
    // A slow answer to an earlier filter must not replace the rows of the present one.
    let wanted = true;
    void ask(null).then((result) => {
      if (wanted) take(null, result);
    });
    return () => {
      wanted = false;
    };
  }, [ask, take]);

  return {
    rows,
    hasOlder,
    newer: sizeRead === null || state.logSize === null ? 0 : Math.max(0, state.logSize - sizeRead),
    filter,
    error,
    setFilter,
    older: () => read(rows.at(-1) ?? null),
    reload: () => read(null),
  };
}
