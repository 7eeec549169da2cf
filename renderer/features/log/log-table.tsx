import { ArrowDown, ArrowUp } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { FoundRow, LogRow } from '../../../electron/shared/log-data.ts';
import type { Entry } from '../../../electron/shared/ids.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { LogTableRow } from './log-table-row.tsx';
import type { LogModel, LogOrder } from './use-log.ts';
import { useRowWindow } from './use-row-window.ts';

/** Pixels; the style sheet says the same. */
const rowHeight = 38;
const foundRowHeight = 62;
const headHeight = 37;

type Column = {
  readonly name: string;
  readonly className: string;
  readonly by: LogOrder['by'];
  readonly isQuiet?: true;
};

export function LogTable(props: {
  readonly log: LogModel;
  readonly opened: Entry | null;
  /** IT is told no patient references. */
  readonly withPatients: boolean;
  readonly withReviews: boolean;
  readonly onOpen: (row: LogRow) => void;
}): ReactNode {
  const { log, opened, withPatients, withReviews, onOpen } = props;
  const isSearch = log.query !== '';
  const height = isSearch ? foundRowHeight : rowHeight;
  const { scroller, first, last, above, below, onScroll, reveal } = useRowWindow(
    log.rows.length,
    height,
    headHeight,
  );
  const { active, onKeyDown, onFocus } = useActiveRow(log.rows, reveal);
  const columns = columnsOf(withPatients, withReviews);
  const shown = log.rows.slice(first, last);
  const reachable = active >= first && active < last ? active : first;
  useEffect(() => {
    if (last > log.rows.length - 30) log.older();
  });

  return (
    <div className="table-scroll" ref={scroller} onScroll={onScroll}>
      <table
        className="log-table"
        data-found={isSearch}
        aria-rowcount={log.hasOlder ? -1 : log.rows.length + 1}
      >
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.name} column={column} log={log} />
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={onKeyDown}>
          <Gap height={above} columns={columns.length} />
          {shown.map((found, index) => (
            <LogTableRow
              key={found.row.entry}
              found={found}
              place={first + index}
              isOpened={found.row.entry === opened}
              isReachable={first + index === reachable}
              withPatients={withPatients}
              withReviews={withReviews}
              onOpen={onOpen}
              onFocus={() => {
                onFocus(first + index);
              }}
            />
          ))}
          <Gap height={below} columns={columns.length} />
        </tbody>
      </table>
      {log.isRead && log.rows.length === 0 && (
        <p className="quiet empty-list">{isSearch ? words.nothingFound : words.empty}</p>
      )}
    </div>
  );
}

/** One row can be tabbed to; arrows, Page and Home keys go on from there. */
function useActiveRow(rows: readonly FoundRow[], reveal: (row: number) => void) {
  const [active, setActive] = useState(0);
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    const entry = wanted.current === null ? undefined : rows[wanted.current]?.row.entry;
    wanted.current = null;
    if (entry !== undefined) document.querySelector<HTMLElement>(`[data-entry="${entry}"]`)?.focus();
  });
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: 10,
    PageUp: -10,
    Home: -rows.length,
    End: rows.length,
  };
  return {
    active,
    onFocus: setActive,
    onKeyDown(event: KeyboardEvent) {
      const step = steps[event.key];
      if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const next = Math.max(0, Math.min(rows.length - 1, active + step));
      wanted.current = next;
      setActive(next);
      reveal(next);
    },
  };
}

function columnsOf(withPatients: boolean, withReviews: boolean): readonly Column[] {
  return [
    { name: words.entry, className: 'column-entry', by: 'entry' },
    { name: words.time, className: 'column-time', by: 'entry' },
    { name: words.who, className: 'column-who', by: 'user' },
    { name: words.what, className: 'column-what', by: 'type' },
    ...(withPatients ? [{ name: words.patient, className: 'column-patient', by: 'patient' as const }] : []),
    { name: words.outcome, className: 'column-outcome', by: 'outcome' },
    // A review begins where the one before ended: what is reviewed is the older part of the record.
    ...(withReviews
      ? [{ name: words.reviewed, className: 'column-review', by: 'entry' as const, isQuiet: true as const }]
      : []),
  ];
}

function Head(props: { readonly column: Column; readonly log: LogModel }): ReactNode {
  const { column, log } = props;
  const { by } = column;
  const isOrder = log.order.by === by;
  // One sign is enough for columns that are always in one order.
  const isSorted = isOrder && column.isQuiet !== true;
  // Newest first is how the record is read; that is downwards here.
  const direction = log.order.reversed === (by === 'entry') ? 'ascending' : 'descending';
  return (
    <th scope="col" className={column.className} aria-sort={isSorted ? direction : undefined}>
      <button
        type="button"
        className="sort"
        onClick={() => {
          log.setOrder({ by, reversed: isOrder ? !log.order.reversed : false });
        }}
      >
        {column.name}
        {isSorted &&
          (direction === 'ascending' ? (
            <ArrowUp aria-hidden="true" size={14} />
          ) : (
            <ArrowDown aria-hidden="true" size={14} />
          ))}
      </button>
    </th>
  );
}

/** Stands for the rows that are not drawn. */
function Gap({ height, columns }: { readonly height: number; readonly columns: number }): ReactNode {
  if (height === 0) return null;
  return (
    <tr aria-hidden="true" className="gap">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}
