import { memo, type ReactNode } from 'react';
import type { FoundRow, LogRow } from '../../../electron/shared/log-data.ts';
import { eventNames, outcomeNames } from '../../../electron/shared/event-names.ts';
import { fieldNames, logStrings as words } from '../../strings/log-strings.ts';
import { localDate, localTime } from './local-time.ts';

type Props = {
  readonly found: FoundRow;
  /** In the list, from 0. */
  readonly place: number;
  readonly isOpened: boolean;
  readonly isReachable: boolean;
  readonly withPatients: boolean;
  readonly withReviews: boolean;
  readonly onOpen: (row: LogRow) => void;
  readonly onFocus: () => void;
};

/** Drawn again only when it says something else: the functions are new at each drawing and do the same. */
export const LogTableRow = memo(
  Row,
  (one, other) =>
    one.found === other.found &&
    one.place === other.place &&
    one.isOpened === other.isOpened &&
    one.isReachable === other.isReachable &&
    one.withPatients === other.withPatients &&
    one.withReviews === other.withReviews,
);

function Row(props: Props): ReactNode {
  const { found, isOpened, isReachable, withPatients, withReviews, onOpen, onFocus } = props;
  const { row, place } = found;
  return (
    <tr data-opened={isOpened} aria-rowindex={props.place + 2}>
      <td className="figures">
        <button
          type="button"
          className="link"
          data-entry={row.entry}
          tabIndex={isReachable ? 0 : -1}
          aria-label={words.open(row.entry)}
          onFocus={onFocus}
          onClick={() => {
            onOpen(row);
          }}
        >
          {row.entry}
        </button>
      </td>
      <td className="figures" title={row.at}>
        {localTime(row.at)}
      </td>
      <td>{row.actorName ?? words.system}</td>
      <td>
        {eventNames[row.type]}
        {place !== null && (
          <span className="place-found">
            {fieldNames[place.field] ?? place.field}: {place.before}
            <mark>{place.match}</mark>
            {place.after}
          </span>
        )}
      </td>
      {withPatients && <td>{row.patientReference ?? ''}</td>}
      <td>
        <span className={row.outcome === 'success' ? 'quiet' : 'sign attention'}>
          {outcomeNames[row.outcome] ?? row.outcome}
        </span>
      </td>
      {withReviews && (
        <td title={row.review?.at} className="quiet">
          {row.review === null ? '' : words.reviewedShort(row.review.name, localDate(row.review.at))}
        </td>
      )}
    </tr>
  );
}
