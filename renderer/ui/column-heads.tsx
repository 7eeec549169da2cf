import type { ReactNode } from 'react';

/** The head of a table: one heading for each column, in the order in which they are named. */
export function ColumnHeads({ columns }: { readonly columns: Readonly<Record<string, string>> }): ReactNode {
  return (
    <thead>
      <tr>
        {Object.values(columns).map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
