import type { ReactNode } from 'react';
import { structures, type StructureId } from '../../../electron/shared/structures.ts';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import type { Rows } from './structured-answer.ts';

/** An answer that is a table. */
export function DraftTable(props: {
  readonly id: StructureId;
  readonly label: string;
  readonly rows: Rows;
  readonly running: boolean;
}): ReactNode {
  const { id, label, rows, running } = props;
  const { columns } = structures[id];
  if (rows.length === 0) return <p className="draft-text">{running ? '' : words.noRows}</p>;
  return (
    <table className="draft-table" data-testid="draft-table">
      <caption className="visually-hidden">{label}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.name} scope="col">
              {column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          // Rows of an answer only ever come at the end.
          // oxlint-disable-next-line react/no-array-index-key
          <tr key={index}>
            {columns.map(({ name }) => (
              <td key={name}>{row[name]}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
