import type { ReactNode } from 'react';
import type { LogRow } from '../../../electron/shared/log-data.ts';
import type { Entry } from '../../../electron/shared/ids.ts';
import { eventNames, logStrings as words, outcomeNames } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import type { LogModel } from './use-log.ts';

const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function localTime(at: string): string {
  return timeFormat.format(new Date(at));
}

export function LogTable(props: {
  readonly log: LogModel;
  readonly opened: Entry | null;
  /** IT is told no patient references. */
  readonly withPatients: boolean;
  readonly onOpen: (row: LogRow) => void;
}): ReactNode {
  const { log, opened, withPatients, onOpen } = props;
  const patient = withPatients ? [words.patient] : [];
  return (
    <div className="table-scroll">
      <table>
        <thead>
          <tr>
            {[words.entry, words.time, words.who, words.what, ...patient, words.outcome].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {log.rows.map((row) => (
            <tr key={row.entry} data-opened={row.entry === opened}>
              <td className="figures">
                <button
                  type="button"
                  className="link"
                  aria-label={words.open(row.entry)}
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
              <td>{eventNames[row.type]}</td>
              {withPatients && <td>{row.patientReference ?? ''}</td>}
              <td>
                <span className={row.outcome === 'success' ? 'quiet' : 'sign attention'}>
                  {outcomeNames[row.outcome] ?? row.outcome}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {log.rows.length === 0 && <p className="quiet empty-list">{words.empty}</p>}
      {log.hasOlder && (
        <Button kind="plain" onClick={() => void log.older()}>
          {words.older}
        </Button>
      )}
    </div>
  );
}
